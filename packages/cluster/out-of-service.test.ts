/** What the cluster map says of nodes that are out of service, and how the primary's seat changes hands. */
import { expect, test } from "bun:test";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { outOfServiceState } from "@ais/wire/fixtures/out-of-service.ts";
import { awayTargets, withNode } from "@ais/wire/rmd.ts";
import { findNode } from "@ais/wire/smap.ts";
import { eventually, TestCluster, testNode, untilSmap } from "./fixtures/test-cluster.ts";
import type { ClusterMember } from "./member.ts";

function untilFlags(member: ClusterMember, id: string, flags: number | null): Promise<void> {
  const seen = (): number | null => findNode(member.snapshot.smap, id)?.flags ?? null;
  return eventually(
    () => seen() === flags,
    () => `flags of ${id} are ${seen()}, wanted ${flags}`,
  );
}

test("a node out of service is marked, and stays in the map when its process ends", async () => {
  await using cluster = new TestCluster();
  const p1 = await cluster.start(testNode("proxy", "p1", 1));
  const t1 = await cluster.start(testNode("target", "t1", 2));
  const t2 = await cluster.start(testNode("target", "t2", 3));
  await untilSmap(t2.member, "p1* t1 t2");
  await p1.member.updateRmd((rmd) => ({ ...rmd, target_ids: ["t1", "t2"] }), NOOP_SPAN);
  await p1.member.updateRmd((rmd) => withNode(rmd, "t1", outOfServiceState(t1.member.self)), NOOP_SPAN);
  await untilFlags(t2.member, "t1", 4);
  // It serves no longer, which is said before the map says so.
  expect(p1.member.snapshot.rmd).toMatchObject({ target_ids: ["t2"], left: ["t1"] });

  const done = outOfServiceState(t1.member.self, { moved: true, final: true });
  await p1.member.updateRmd((rmd) => withNode(rmd, "t1", done), NOOP_SPAN);
  await untilFlags(t2.member, "t1", 4 | 16);
  await t1.stop();
  await t2.stop();
  await untilSmap(p1.member, "p1* t1");
  expect(p1.member.snapshot.rmd).toMatchObject({ target_ids: [], left: ["t1", "t2"] });
  // Elsewhere, and still in maintenance.
  const again = await cluster.start(testNode("target", "t1", 4));
  await untilFlags(again.member, "t1", 4 | 16);
  await p1.member.updateRmd((rmd) => withNode(rmd, "t1", null), NOOP_SPAN);
  await untilFlags(again.member, "t1", 0);
});

test("a target that dies on its way out of service is away with what it has not handed over", async () => {
  await using cluster = new TestCluster();
  const p1 = await cluster.start(testNode("proxy", "p1", 1));
  const t1 = await cluster.start(testNode("target", "t1", 2));
  const t2 = await cluster.start(testNode("target", "t2", 3));
  const t3 = await cluster.start(testNode("target", "t3", 4));
  await untilSmap(t3.member, "p1* t1 t2 t3");
  await p1.member.updateRmd((rmd) => {
    const marked = withNode(
      { ...rmd, target_ids: ["t1", "t2", "t3"] },
      "t1",
      outOfServiceState(t1.member.self),
    );
    return withNode(marked, "t2", outOfServiceState(t2.member.self, { moved: true }));
  }, NOOP_SPAN);
  await untilFlags(t3.member, "t1", 4);
  await untilFlags(t3.member, "t2", 4 | 16);
  await t1.stop();
  await t2.stop();
  await untilSmap(p1.member, "p1* t3");
  expect(p1.member.snapshot.rmd).toMatchObject({ target_ids: ["t3"], away: ["t1"] });
  // Back with its objects.
  await cluster.start(testNode("target", "t1", 5));
  await untilFlags(p1.member, "t1", 4);
  expect(awayTargets(p1.member.snapshot.smap, p1.member.snapshot.rmd)).toEqual([]);
});

test.each([
  [["t1", "t2"], {}, ["t2"]],
  // It was written to without knowing what the others have.
  [["t2"], {}, []],
  [["t2"], { action: "decommission-node", rebalance: false }, ["t2"]],
  [["t2"], { action: "decommission-node", rebalance: true }, []],
] as const)(
  "placement was settled among %j; one that goes out of service, %j, leaves it so among %j",
  async (...row) => {
    const [before, change, after] = row;
    await using cluster = new TestCluster();
    const p1 = await cluster.start(testNode("proxy", "p1", 1));
    const t1 = await cluster.start(testNode("target", "t1", 2));
    const t2 = await cluster.start(testNode("target", "t2", 3));
    await untilSmap(t2.member, "p1* t1 t2");
    await p1.member.updateRmd(
      (rmd) => withNode({ ...rmd, target_ids: [...before] }, "t1", outOfServiceState(t1.member.self, change)),
      NOOP_SPAN,
    );
    await eventually(
      () => p1.member.snapshot.rmd.left.length > 0,
      () => "nobody left",
    );
    expect(p1.member.snapshot.rmd.target_ids).toEqual([...after]);
  },
);

test("a target that was shut down with its objects is away once the map lets go of it", async () => {
  await using cluster = new TestCluster();
  const p1 = await cluster.start(testNode("proxy", "p1", 1));
  const t1 = await cluster.start(testNode("target", "t1", 2));
  await untilSmap(t1.member, "p1* t1");
  const shut = outOfServiceState(t1.member.self, { action: "shutdown-node", final: true });
  await p1.member.updateRmd((rmd) => withNode(rmd, "t1", shut), NOOP_SPAN);
  await t1.stop();
  // A proxy's going shows that the map has been looked at since.
  const p2 = await cluster.start(testNode("proxy", "p2", 3));
  await p2.stop();
  await untilSmap(p1.member, "p1* t1");
  expect(p1.member.snapshot.rmd.away).toEqual([]);
  const again = { ...shut, action: "decommission-node", final: false } as const;
  await p1.member.updateRmd((rmd) => withNode(rmd, "t1", again), NOOP_SPAN);
  await untilSmap(p1.member, "p1*");
  expect(p1.member.snapshot.rmd.away).toEqual(["t1"]);
});

test("the seat goes to the proxy that is named, and to no other", async () => {
  await using cluster = new TestCluster();
  const p1 = await cluster.start(testNode("proxy", "p1", 1));
  const p2 = await cluster.start(testNode("proxy", "p2", 2));
  const p3 = await cluster.start(testNode("proxy", "p3", 3));
  await untilSmap(p3.member, "p1* p2 p3");
  await p1.member.handOverPrimary("p3");
  expect([p1.member.isPrimary, p2.member.isPrimary, p3.member.isPrimary]).toEqual([false, false, true]);
  for (const { member } of [p1, p2, p3]) await untilSmap(member, "p1 p2 p3*");
  await expect(p1.member.handOverPrimary("p2")).rejects.toThrow("not the primary");
  await p3.member.handOverPrimary("p1");
  await untilSmap(p2.member, "p1* p2 p3");
  // The seat is under the lease of its holder: with it, it comes free.
  await p1.stop();
  await eventually(
    () => p2.member.isPrimary || p3.member.isPrimary,
    () => "nobody was elected",
  );
});

test("a seat that nobody takes goes back", async () => {
  await using cluster = new TestCluster();
  const p1 = await cluster.start(testNode("proxy", "p1", 1));
  await expect(p1.member.handOverPrimary("nobody")).rejects.toThrow("did not take over");
  expect(p1.member.isPrimary).toBe(true);
  await untilSmap(p1.member, "p1*");
});

test("a proxy in maintenance is not elected", async () => {
  await using cluster = new TestCluster();
  const p1 = await cluster.start(testNode("proxy", "p1", 1));
  const p2 = await cluster.start(testNode("proxy", "p2", 2));
  const p3 = await cluster.start(testNode("proxy", "p3", 3));
  const state = outOfServiceState(p2.member.self, { final: true });
  await p1.member.updateRmd((rmd) => withNode(rmd, "p2", state), NOOP_SPAN);
  await untilFlags(p2.member, "p2", 4);
  await p1.stop();
  await eventually(
    () => p3.member.isPrimary,
    () => "p3 was not elected",
  );
  expect(p2.member.isPrimary).toBe(false);
});
