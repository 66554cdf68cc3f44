/** When a target that is not there is waited for no longer, though nobody says that it does not come back. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { systemClock } from "@ais/base/clock.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { type FakeMember, fakeNode, NNN } from "../fixtures/fake-member.ts";
import { FakeProxy } from "../fixtures/fake-proxy.ts";
import type { ProxyServices } from "../services.ts";
import { giveUpEmpty } from "./give-up-away.ts";
import { startRebalanceKeeper } from "./rebalance-keeper.ts";
import { MembershipTransactions } from "./transactions.ts";

const CALL = { span: NOOP_SPAN };

let target: ReturnType<typeof Bun.serve>;
let answer: () => Response;
let member: FakeMember;
let services: ProxyServices;

beforeEach(async () => {
  answer = () => new Response();
  target = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => answer() });
  const targets = [fakeNode("t1", "target", `http://127.0.0.1:${target.port}`, 1n)];
  const proxy = await FakeProxy.create({ targets, buckets: [] });
  ({ member } = proxy);
  // The proxy has keepers of its own.
  member.isPrimary = false;
  await member.updateRmd((rmd) => ({ ...rmd, away: ["t9"] }));
  const membership = new MembershipTransactions();
  services = { ...proxy.services, clock: systemClock, hrw: await loadHrw(), membership };
});

afterEach(() => target.stop(true));

function createBucket(): Promise<unknown> {
  const props = defaultBprops(member.snapshot.config, { bid: 7n, createdNs: 1n });
  return member.updateBmd((bmd) => withBucket(bmd, NNN, props));
}

/** What happens elsewhere before the buckets are looked at for the last time. */
function meanwhile(happens: () => Promise<unknown>): void {
  const refresh: FakeMember["refresh"] = async (document) => {
    await happens();
    return member.refresh(document);
  };
  services = { ...services, member: derived({ refresh: { value: refresh } }) };
}

function derived(change: PropertyDescriptorMap): ClusterMember {
  return Object.create(member, {
    // Their private parts are the original's.
    updateRmd: { value: member.updateRmd.bind(member) },
    refresh: { value: member.refresh.bind(member) },
    ...change,
  });
}

test("the primary sees to it by itself in a cluster without buckets", async () => {
  services = { ...services, member: derived({ isPrimary: { value: true } }) };
  await using keeper = startRebalanceKeeper(services);
  keeper.trigger();
  while (member.snapshot.rmd.away.length > 0) await Bun.sleep(5);
});

test("not while a node may take it for being there, which then may send something to it", async () => {
  answer = () => new Response("busy", { status: 500 });
  expect(await giveUpEmpty(CALL, services)).toBe(false);
  expect(member.snapshot.rmd.away).toEqual(["t9"]);
  answer = () => new Response();
  expect(await giveUpEmpty(CALL, services)).toBe(true);
  expect(member.snapshot.rmd.away).toEqual([]);
});

test("not where there are buckets, or one is made meanwhile", async () => {
  meanwhile(createBucket);
  expect(await giveUpEmpty(CALL, services)).toBe(false);
  expect(await giveUpEmpty(CALL, services)).toBe(false);
  expect(member.snapshot.rmd.away).toEqual(["t9"]);
});

test("not when it has been back and is gone again", async () => {
  meanwhile(() => member.updateRmd((rmd) => ({ ...rmd, left: ["t9"] })));
  expect(await giveUpEmpty(CALL, services)).toBe(false);
  expect(member.snapshot.rmd.away).toEqual(["t9"]);
});
