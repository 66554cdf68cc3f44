/** A bucket that is made while a node leaves a cluster without buckets, over one real coordinator. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { systemClock } from "@ais/base/clock.ts";
import { MemoryJobs } from "@ais/cluster/fixtures/memory-jobs.ts";
import { TestCluster, testNode, untilSmap } from "@ais/cluster/fixtures/test-cluster.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import type { Call } from "@ais/node/call.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { aisBucket } from "@ais/wire/bck.ts";
import { withBucket } from "@ais/wire/bmd.ts";
import { defaultBprops } from "@ais/wire/bprops.ts";
import { outOfServiceState } from "@ais/wire/fixtures/out-of-service.ts";
import { outOfService, withNode } from "@ais/wire/rmd.ts";
import { findNode, SNODE_FLAGS } from "@ais/wire/smap.ts";
import { FakeProxy } from "../fixtures/fake-proxy.ts";
import type { ProxyServices } from "../services.ts";
import { removeNodes } from "./remove-nodes.ts";
import { MembershipTransactions } from "./transactions.ts";

const CALL = { span: NOOP_SPAN } as unknown as Call;

let cluster: TestCluster;
let leaving: ReturnType<typeof Bun.serve>;
let primary: ClusterMember;
let other: ClusterMember;
let services: ProxyServices;

beforeEach(async () => {
  cluster = new TestCluster();
  // It says that it has every document; nobody listens at port 1, which is known at once.
  leaving = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  ({ member: primary } = await cluster.start(testNode("proxy", "p1", 1)));
  ({ member: other } = await cluster.start(testNode("proxy", "p2", 1)));
  await cluster.start(testNode("target", "t1", leaving.port));
  await cluster.start(testNode("target", "t2", 1));
  await untilSmap(primary, "p1* p2 t1 t2");
  await primary.updateRmd((rmd) => ({ ...rmd, target_ids: ["t1", "t2"] }), NOOP_SPAN);
  const proxy = await FakeProxy.create({});
  services = {
    ...proxy.services,
    facts: { ...proxy.services.facts, id: "p1" },
    member: primary,
    jobs: new MemoryJobs(),
    clock: systemClock,
    hrw: await loadHrw(),
    membership: new MembershipTransactions(),
  };
});

afterEach(async () => {
  await cluster[Symbol.asyncDispose]();
  await leaving.stop(true);
});

function createBucket(): Promise<unknown> {
  const { config } = other.snapshot;
  const props = defaultBprops(config, { bid: 7n, createdNs: 1n });
  return other.updateBmd((bmd) => withBucket(bmd, aisBucket("new"), props), NOOP_SPAN);
}

/**
 * Another proxy makes a bucket after this one has seen that there is none: before it is said that the node leaves, or after
 * that and before placement knows.
 */
function createMeanwhile(when: "before the mark" | "after the mark"): void {
  let isMade = false;
  const createOnce = async (): Promise<void> => {
    if (!isMade) await createBucket();
    isMade = true;
  };
  const updateRmd: ClusterMember["updateRmd"] = async (...args) => {
    if (when === "before the mark") await createOnce();
    const snapshot = await primary.updateRmd(...args);
    await createOnce();
    return snapshot;
  };
  const member: ClusterMember = Object.create(primary, {
    snapshot: { get: () => primary.snapshot },
    refresh: { value: primary.refresh.bind(primary) },
    updateRmd: { value: updateRmd },
  });
  services = { ...services, member };
}

type Action = "decommission-node" | "start-maintenance";

const remove = (action: Action, sid: string, value: object = {}): Promise<string> =>
  removeNodes(action, { sid, ...value }, CALL, services);
const stateOf = (id: string) => outOfService(primary.snapshot.rmd, id);

test.each(["before the mark", "after the mark"] as const)(
  "objects of a bucket that is made %s are handed over, and the node keeps its data until then",
  async (when) => {
    createMeanwhile(when);
    expect(await remove("decommission-node", "t1", { rm_user_data: true })).toBe("g1");
    expect(services.jobs.get("g1")?.record.args).toMatchObject({ active: ["t2"], leaving: ["t1"] });
    expect(stateOf("t1")).toMatchObject({ rebalance: true, moved: false, final: false });
  },
);

test("without a bucket there is nothing to hand over, and no job", async () => {
  expect(await remove("start-maintenance", "t1")).toBe("");
  expect(services.jobs.list()).toEqual([]);
  expect(stateOf("t1")).toMatchObject({ rebalance: false, moved: true, final: true });
  const { smap } = await primary.refresh("smap", NOOP_SPAN);
  expect(findNode(smap, "t1")?.flags).toBe(SNODE_FLAGS.maintenance | SNODE_FLAGS.maintenancePostRebalance);
});

test("a target that does not say that it knows may take new objects still: it is asked to hand them over", async () => {
  expect(await remove("start-maintenance", "t2")).toBe("g1");
  expect(stateOf("t2")).toMatchObject({ rebalance: true, moved: false, final: false });
});

test("what is refused for the sake of such a bucket leaves the node in service", async () => {
  await primary.updateConfig(
    (config) => ({ ...config, rebalance: { ...config.rebalance, enabled: false } }),
    NOOP_SPAN,
  );
  createMeanwhile("after the mark");
  await expect(remove("decommission-node", "t1")).rejects.toThrow("rebalance is disabled");
  expect(stateOf("t1")).toBeNull();
  expect(findNode(primary.snapshot.smap, "t1")?.flags).toBe(0);
});

test("nor do the last targets leave with it; one that was in maintenance before stays there", async () => {
  await remove("start-maintenance", "t1");
  const before = stateOf("t1");
  createMeanwhile("after the mark");
  const both = { sids: ["t1", "t2"] };
  await expect(removeNodes("decommission-node", both, CALL, services)).rejects.toThrow("no active target");
  expect(stateOf("t1")).toEqual(before);
  expect(stateOf("t2")).toBeNull();
});

test("who says that nothing is to be moved has it so", async () => {
  createMeanwhile("before the mark");
  expect(await remove("start-maintenance", "t1", { skip_rebalance: true })).toBe("");
  expect(services.jobs.list()).toEqual([]);
  expect(stateOf("t1")).toMatchObject({ rebalance: false, moved: false, final: true });
});

test("whoever takes over from a primary that dies in between has new buckets' objects moved", async () => {
  const refresh: ClusterMember["refresh"] = (document, span) => {
    if (document === "bmd" && stateOf("t1") !== null) throw new Error("died");
    return primary.refresh(document, span);
  };
  const member = Object.create(primary, {
    snapshot: { get: () => primary.snapshot },
    refresh: { value: refresh },
    updateRmd: { value: primary.updateRmd.bind(primary) },
  });
  services = { ...services, member };
  await expect(remove("decommission-node", "t1")).rejects.toThrow("died");
  expect(stateOf("t1")).toMatchObject({ rebalance: true, moved: false, final: false });
});

describe("a target that left the map with what it holds", () => {
  beforeEach(async () => {
    await primary.updateRmd((rmd) => ({ ...rmd, away: ["t8", "t9"] }), NOOP_SPAN);
  });

  test("is given up by who says that nothing is to be moved, with rebalancing disabled as well", async () => {
    await createBucket();
    await primary.updateConfig(
      (config) => ({ ...config, rebalance: { ...config.rebalance, enabled: false } }),
      NOOP_SPAN,
    );
    const died = outOfServiceState(testNode("target", "t9", 1));
    await primary.updateRmd((rmd) => withNode(rmd, "t9", died), NOOP_SPAN);
    expect(await remove("decommission-node", "t9", { skip_rebalance: true })).toBe("");
    expect(primary.snapshot.rmd.away).toEqual(["t8"]);
    expect(stateOf("t9")).toBe(null);
    expect(services.jobs.list()).toEqual([]);
  });

  test("is not given up by who expects its objects to be moved, nor by another action", async () => {
    await expect(remove("decommission-node", "t9")).rejects.toThrow(
      "t[t9]: it left the cluster with its objects",
    );
    await expect(remove("start-maintenance", "t9", { skip_rebalance: true })).rejects.toMatchObject({
      code: "nodeNotFound",
    });
    // One that is not known spares those that are.
    const sids = ["t9", "t7"];
    await expect(remove("decommission-node", "t9", { sids, skip_rebalance: true })).rejects.toThrow('"t7"');
    expect(primary.snapshot.rmd.away).toEqual(["t8", "t9"]);
  });
});
