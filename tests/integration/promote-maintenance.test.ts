/** Promotion while a target goes out of service: every file becomes an object, and is found where placement looks for it. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { ClusterClient, heldBy, idOf, untilUnderWay } from "./cluster.fixture.ts";
import { contentOf, numbered } from "./jobs.fixture.ts";

const MAINTENANCE_AFTER_REBALANCE = 4 | 16;

test("a target that goes into maintenance in the middle still does its share, and keeps no object", async () => {
  const root = mkdtempSync(join(tmpdir(), "promote-"));
  using stack = new DisposableStack();
  stack.defer(() => rmSync(root, { recursive: true, force: true }));
  using faults = new FaultsFile();
  const env = { AIS_PROMOTE_ROOT: root, ...faults.env };
  await using cluster = await TestCluster.start({ targets: 3, env });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const source = join(root, "source");
  mkdirSync(source);
  const names = numbered("o", 3000);
  for (const name of names) writeFileSync(join(source, name), contentOf(name));
  const target = must(cluster.targets[0], "target");
  const id = await idOf(target);
  // So slow that it cannot be done before the maintenance begins.
  faults.set({ operation: "commit", delayMs: 20 });
  const reply = await fetch(`${cluster.url}/v1/objects/b`, {
    method: "POST",
    body: JSON.stringify({ action: "promote", name: "", value: { src: source, dls: true } }),
  });
  expect(reply.status).toBe(200);
  const job = await reply.text();
  await untilUnderWay(target, job, 20);
  const rebalance = await client.changeNode("start-maintenance", id);
  const done = (await client.snaps({ id: job })).reduce(
    (sum, { stats }) => sum + Number(stats["loc-objs"]),
    0,
  );
  expect(done).toBeLessThan(names.length);
  faults.clear();

  expect(await client.wait(job)).toMatchObject({ kind: "promote", aborted: false, err: "" });
  expect(await client.wait(rebalance)).toMatchObject({ aborted: false, err: "" });
  await client.untilFlags(id, MAINTENANCE_AFTER_REBALANCE);
  expect(readdirSync(source)).toEqual([]);
  expect(await client.names("b")).toEqual([...names]);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await heldBy(target, "b", "2")).toEqual([]);
}, 120_000);
