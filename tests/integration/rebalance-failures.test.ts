/** A rebalance that does not come to its end removes nothing, and says so. */
import { expect, test } from "bun:test";
import { readdirSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { ClusterClient, heldBy, idOf, untilEnded } from "./cluster.fixture.ts";
import { contentOf, numbered, until } from "./jobs.fixture.ts";

const BID = "2";

/** Cuts an object file of the target short, as a failing disk may. */
function damageOne(target: Daemon): void {
  const objects = join(target.plan.directory, "mp1", "objects");
  const files = readdirSync(objects, { recursive: true })
    .map((name) => join(objects, String(name)))
    .filter((path) => statSync(path).isFile());
  truncateSync(must(files[0], "an object file"), 100);
}

test("an object that cannot be moved keeps its node, and the rest moves all the same", async () => {
  await using cluster = await TestCluster.start({ targets: 3 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 150);
  await client.fill("b", names, contentOf);
  const target = must(cluster.targets[0], "target");
  const id = await idOf(target);
  const { pid } = target;
  damageOne(target);
  const job = await client.changeNode("decommission-node", id, { rm_user_data: true });
  const ended = await client.wait(job);
  expect(ended).toMatchObject({ aborted: true, err: expect.stringContaining("is corrupt") });
  const left = await heldBy(target, "b", BID);
  expect(left.length).toBe(1);
  // Nobody tries again by himself, and the node stays as it is.
  await Bun.sleep(2500);
  expect(await client.rebalances()).toEqual([job]);
  expect(await client.flags(id)).toBe(8);
  expect(process.kill(pid, 0)).toBe(true);
  const [damaged = ""] = left;
  expect((await fetch(`${cluster.url}/v1/objects/b/${damaged}`)).status).toBeGreaterThanOrEqual(500);
  expect(
    await client.wrong(
      "b",
      names.filter((name) => name !== damaged),
      contentOf,
    ),
  ).toEqual([]);

  // Once the object is given up, the node may go.
  expect((await fetch(`${cluster.url}/v1/objects/b/${damaged}`, { method: "DELETE" })).status).toBe(200);
  const again = await client.changeNode("decommission-node", id, { rm_user_data: true });
  expect(await client.wait(again)).toMatchObject({ aborted: false, err: "" });
  await untilEnded(target, pid);
  expect(await client.flags(id)).toBe(null);
  expect((await client.names("b")).length).toBe(names.length - 1);
}, 60_000);

test("a rebalance that a node waits for is stopped by force only, and the node stays", async () => {
  using faults = new FaultsFile();
  await using cluster = await TestCluster.start({ targets: 3, env: faults.env });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 150);
  await client.fill("b", names, contentOf);
  const target = must(cluster.targets[0], "target");
  const id = await idOf(target);
  // Nothing that is sent is stored, so that the job cannot end before it is stopped.
  faults.set({ operation: "commit", holds: true });
  const job = await client.changeNode("decommission-node", id, { rm_user_data: true });
  const stop = (value: object) => client.act("PUT", "/v1/cluster", "stop", { ID: job, ...value });
  const refused = await stop({});
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining(`t[${id}]`)]);
  expect((await stop({ Force: true })).status).toBe(200);
  faults.clear();
  expect(await client.wait(job)).toMatchObject({ aborted: true, err: expect.stringContaining("user abort") });
  expect(await client.flags(id)).toBe(8);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect((await client.names("b")).length).toBe(names.length);

  const back = await until(30_000, "the node to be taken back", async () => {
    const reply = await client.act("PUT", "/v1/cluster", "stop-maintenance", { sid: id });
    return reply.status === 200 ? await reply.text() : null;
  });
  expect(await client.wait(back)).toMatchObject({ aborted: false, err: "" });
  expect(await client.flags(id)).toBe(0);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
}, 60_000);
