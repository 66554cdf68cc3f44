/** Targets go into maintenance and come back: nothing is lost, and everything can be read meanwhile. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { ClusterClient, heldBy, idOf } from "./cluster.fixture.ts";
import { contentOf, numbered } from "./jobs.fixture.ts";

const MAINTENANCE = 4;
const MAINTENANCE_AFTER_REBALANCE = 4 | 16;

test("a target in maintenance hands its objects over, and gets its share back", async () => {
  await using cluster = await TestCluster.start({ targets: 3 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 300);
  await client.fill("b", names, contentOf);
  const target = must(cluster.targets[0], "target");
  const id = await idOf(target);
  const bid = "2";
  const before = await heldBy(target, "b", bid);
  expect(before.length).toBeGreaterThan(50);

  const job = await client.changeNode("start-maintenance", id);
  expect(job).toMatch(/^g\d+$/);
  const reading = client.wrong("b", names, contentOf);
  expect([MAINTENANCE, MAINTENANCE_AFTER_REBALANCE]).toContain((await client.flags(id)) ?? -1);
  expect(await reading).toEqual([]);
  expect(await client.wait(job)).toMatchObject({ kind: "rebalance", aborted: false, err: "" });
  await client.untilFlags(id, MAINTENANCE_AFTER_REBALANCE);
  expect(await heldBy(target, "b", bid)).toEqual([]);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await client.names("b")).toEqual(names);
  const sent = (await client.snaps({ id: job })).reduce(
    (sum, snap) => sum + Number(snap.stats["out-objs"]),
    0,
  );
  expect(sent).toBeGreaterThan(0);

  const back = await client.changeNode("stop-maintenance", id);
  expect(back).toMatch(/^g\d+$/);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await client.wait(back)).toMatchObject({ aborted: false, err: "" });
  expect(await heldBy(target, "b", bid)).toEqual(before);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await client.rebalances()).toEqual([job, back]);
}, 60_000);
