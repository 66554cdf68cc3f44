/** Several targets went out of service with what they had, each with another form of the same objects. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { ClusterClient, heldBy, idOf } from "./cluster.fixture.ts";
import { numbered, until } from "./jobs.fixture.ts";

const JOB_MAX_MS = 60_000;
/** Of the first bucket. */
const BID = "2";

test("a rebalance brings the newest form of an object first, and nobody reads an older one", async () => {
  using faults = new FaultsFile();
  await using cluster = await TestCluster.start({ targets: 3, env: faults.env });
  const client = new ClusterClient(cluster);
  const setRebalance = (enabled: boolean) =>
    client.act("PUT", "/v1/cluster", "set-config", { rebalance: { enabled } });
  const [first, second] = cluster.targets.map((target) => must(target, "target"));
  await client.create("b");
  expect((await setRebalance(false)).status).toBe(200);
  const names = numbered("z", 90);
  const newest = () => Buffer.from("new");
  await client.fill("b", names, () => Buffer.from("old"));
  await client.changeNode("start-maintenance", await idOf(must(first, "target")));
  // They come first in the order of names, so that the second one is late with the others.
  await client.fill("b", numbered("a", 2500), () => Buffer.from("first"));
  await client.fill("b", names, newest);
  await client.changeNode("start-maintenance", await idOf(must(second, "target")));
  expect((await setRebalance(true)).status).toBe(200);
  // Slow enough that the second one has not come to the others by then.
  faults.set({ operation: "commit", delayMs: 10 });
  const id = await client.job("PUT", "/v1/cluster", "start", { Kind: "rebalance" });
  await until(JOB_MAX_MS, "the first to have handed over its objects", async () =>
    (await heldBy(must(first, "target"), "b", BID)).length === 0 ? true : null,
  );
  // Else there is nothing to see.
  expect((await client.status(id)).end_time).toBe(0);
  expect(await client.wrong("b", names, newest)).toEqual([]);
  faults.clear();
  expect(await client.wait(id, JOB_MAX_MS)).toMatchObject({ aborted: false, err: "" });
  expect(await client.wrong("b", names, newest)).toEqual([]);
}, 120_000);

test("what a target was given while it had not caught up yet is read, not what others had before, when it leaves again", async () => {
  await using cluster = await TestCluster.start({ targets: 3 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const config = { rebalance: { enabled: false } };
  expect((await client.act("PUT", "/v1/cluster", "set-config", config)).status).toBe(200);
  const names = numbered("o", 90);
  const id = await idOf(must(cluster.targets[0], "target"));
  const fill = (text: string) => client.fill("b", names, () => Buffer.from(text));
  await fill("one");
  await client.changeNode("start-maintenance", id);
  await fill("two");
  await client.changeNode("stop-maintenance", id);
  await fill("three");
  await client.changeNode("start-maintenance", id);
  expect(await client.wrong("b", names, () => Buffer.from("three"))).toEqual([]);
  // What has been read once is known to be the newest, and is overwritten as ever.
  await fill("four");
  expect(await client.wrong("b", names, () => Buffer.from("four"))).toEqual([]);
}, 60_000);
