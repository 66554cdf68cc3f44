/** When a rebalance begins, ends another one, or is left alone. */
import { expect, test } from "bun:test";
import {
  type JobRecord,
  NO_STATS,
  NOTHING_AHEAD,
  WAITS_FOR_PLACEMENT,
} from "@ais/cluster/jobs/job-record.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { outOfServiceState } from "@ais/wire/fixtures/out-of-service.ts";
import { emptyRmd, type OutOfService, outOfService, type Rmd, withNode } from "@ais/wire/rmd.ts";
import { fakeNode, NNN } from "../fixtures/fake-member.ts";
import { FakeProxy } from "../fixtures/fake-proxy.ts";
import { startJob } from "../jobs/start-job.ts";
import type { ProxyServices } from "../services.ts";
import { concludeRebalance } from "./rebalance.ts";
import { startRebalanceKeeper } from "./rebalance-keeper.ts";
import { MembershipTransactions } from "./transactions.ts";

const NOBODY_URL = "http://127.0.0.1:1";

class HandClock {
  ms = 1_000_000;
  nowMs = (): number => this.ms;
  nowNs = (): bigint => BigInt(this.ms) * 1_000_000n;
  monotonicMs = (): number => this.ms;
}

/** Two targets with a bucket; `change` says among which placement is settled. */
async function setUp(change: (rmd: Rmd) => Rmd, buckets?: readonly never[]) {
  const targets = ["t1", "t2"].map((id, index) => fakeNode(id, "target", NOBODY_URL, BigInt(index + 1)));
  const proxy = await FakeProxy.create({ targets, ...(buckets === undefined ? {} : { buckets }) });
  const { member } = proxy;
  // The proxy has a keeper of its own, with the machine's time.
  member.isPrimary = false;
  const settled = { ...emptyRmd(), version: "1", target_ids: ["t1", "t2"] };
  member.coordinated = { ...member.coordinated, rmd: change(settled) };
  member.snapshot = member.coordinated;
  const clock = new HandClock();
  const own = Object.create(member, {
    isPrimary: { value: true },
    // Their private parts are the original's.
    updateRmd: { value: member.updateRmd.bind(member) },
    refresh: { value: member.refresh.bind(member) },
  });
  const membership = new MembershipTransactions();
  let looks = 0;
  // The first that every look asks for.
  const isOpen = (): boolean => {
    looks++;
    return membership.isOpen;
  };
  const asked = Object.create(membership, {
    isOpen: { get: isOpen },
    run: { value: membership.run.bind(membership) },
  });
  const services: ProxyServices = {
    ...proxy.services,
    member: own,
    clock,
    hrw: await loadHrw(),
    membership: asked,
  };
  const { jobs } = services;
  const rebalances = (): readonly JobRecord[] => jobs.list().map(({ record }) => record);
  /** Looks once, and again after the time in which nodes may come together. */
  const pass = async (ms = 1100): Promise<void> => {
    const keeper = startRebalanceKeeper(services);
    // One look begins when the one before has ended.
    const looked = async (): Promise<void> => {
      for (const enough = looks + 2; looks < enough; await Bun.sleep(5)) keeper.trigger();
    };
    await looked();
    clock.ms += ms;
    await looked();
    await keeper[Symbol.asyncDispose]();
  };
  return { member, services, jobs, rebalances, pass, membership };
}

function leaving(change: Partial<OutOfService> = {}): OutOfService {
  return outOfServiceState(fakeNode("t2", "target", NOBODY_URL, 2n), change);
}

test("nothing happens while everything is in its place", async () => {
  const { pass, rebalances } = await setUp((rmd) => rmd);
  await pass();
  expect(rebalances()).toEqual([]);
});

test("a target that joined is given its share once nobody else comes, and once only", async () => {
  const { pass, rebalances, member } = await setUp((rmd) => ({ ...rmd, target_ids: ["t1"] }));
  await pass(500);
  expect(rebalances()).toEqual([]);
  await pass();
  const [record] = rebalances();
  expect(record).toMatchObject({ id: "g1", kind: "rebalance", targets: ["t1", "t2"] });
  expect(record?.args).toMatchObject({ active: ["t1", "t2"], leaving: [], smapVersion: "7" });
  await pass();
  expect(rebalances().length).toBe(1);
  expect(member.snapshot.rmd.rebalance_id).toBe(1);
});

test("without a bucket there is nothing to move, and no job", async () => {
  const { pass, rebalances, member } = await setUp((rmd) => ({ ...rmd, target_ids: [] }), []);
  await pass();
  expect(rebalances()).toEqual([]);
  expect(member.snapshot.rmd.target_ids).toEqual(["t1", "t2"]);
});

test.each([
  ["", false],
  ["t[t9] is not in the cluster map", false],
  [WAITS_FOR_PLACEMENT, true],
])("a copy is let finish, unless it waits for placement itself (%p)", async (waitingFor, isEnded) => {
  const { pass, jobs, services } = await setUp((rmd) => ({ ...rmd, target_ids: ["t1"] }));
  const bucket = { bucket: NNN, bid: "1" };
  const copy = { kind: "copy-bck", from: bucket, to: bucket, description: "", args: null } as const;
  const id = await startJob(copy, { span: NOOP_SPAN }, services);
  const share = { state: "running", startedNs: "1", endedNs: "0", runs: 1, cursor: "", error: "" } as const;
  const figures = { stats: NO_STATS, ahead: NOTHING_AHEAD, result: null };
  await jobs.putShare(id, { ...share, ...figures, nodeId: "t1", waitingFor });
  await pass();
  await pass();
  expect(jobs.get("g1") !== null).toBe(isEnded);
  expect(jobs.get(id)?.record.stop?.reason).toBe(isEnded ? "aborted by a rebalance" : undefined);
});

test("a rebalance that failed is not begun again by itself, until there is another reason", async () => {
  const { pass, rebalances, jobs, member, services } = await setUp((rmd) => ({ ...rmd, target_ids: ["t1"] }));
  await pass();
  const end = { timeNs: "5", aborted: true, error: "no" };
  const [record] = rebalances();
  if (record === undefined) throw new Error("no rebalance");
  await concludeRebalance(record, false, services);
  await jobs.update("g1", (current) => ({ ...current, end }));
  await pass();
  expect(rebalances().length).toBe(1);
  const t3 = fakeNode("t3", "target", NOBODY_URL, 3n);
  const { smap } = member.coordinated;
  member.coordinated = { ...member.coordinated, smap: { ...smap, tmap: { ...smap.tmap, t3 }, version: "8" } };
  member.snapshot = member.coordinated;
  await pass();
  await pass();
  expect(rebalances().map(({ id }) => id)).toEqual(["g1", "g2"]);
});

test("a cluster map that changes under a rebalance ends it", async () => {
  const { pass, rebalances, member } = await setUp((rmd) => ({ ...rmd, target_ids: ["t1"] }));
  await pass();
  expect(rebalances()[0]?.stop).toBe(null);
  const { smap } = member.coordinated;
  const { t1 } = smap.tmap;
  if (t1 === undefined) throw new Error("no t1");
  member.coordinated = { ...member.coordinated, smap: { ...smap, tmap: { t1 }, version: "8" } };
  member.snapshot = member.coordinated;
  await pass();
  expect(rebalances()[0]?.stop?.reason).toContain("superseded");
});

test("what it came to is noted only of targets that stayed, and of nodes that gave everything", async () => {
  const { services, member } = await setUp((rmd) =>
    withNode({ ...rmd, target_ids: ["t1"], left: ["t1"] }, "t2", leaving()),
  );
  const args = { smapVersion: "7", goal: "", active: ["t1", "t2"], leaving: ["t2"] };
  const record = { id: "g1", kind: "rebalance", trace: null, stop: null, args } as unknown as JobRecord;
  await concludeRebalance(record, false, services);
  expect(outOfService(member.snapshot.rmd, "t2")?.moved).toBe(false);
  expect(member.snapshot.rmd.target_ids).toEqual(["t1"]);
  await concludeRebalance(record, true, services);
  expect(outOfService(member.snapshot.rmd, "t2")?.moved).toBe(true);
  // t1 was away for a moment: what was written then is elsewhere.
  expect(member.snapshot.rmd.target_ids).toEqual(["t2"]);
});

test("a node whose objects were handed over is let go; one that still has some is not", async () => {
  const done = await setUp((rmd) => withNode(rmd, "t2", leaving({ moved: true })));
  await done.pass();
  expect(outOfService(done.member.snapshot.rmd, "t2")?.final).toBe(true);
  const pending = await setUp((rmd) => withNode(rmd, "t2", leaving()));
  await pending.pass();
  expect(outOfService(pending.member.snapshot.rmd, "t2")?.final).toBe(false);
});

test("nothing is decided while the membership is being changed", async () => {
  const { pass, rebalances, membership } = await setUp((rmd) => ({ ...rmd, target_ids: ["t1"] }));
  await membership.run("start-maintenance", async () => {
    await expect(membership.run("other", async () => {})).rejects.toThrow("has not ended yet");
    await pass();
  });
  expect(rebalances()).toEqual([]);
});
