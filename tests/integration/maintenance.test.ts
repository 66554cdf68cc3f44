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

test("a batch of nodes is one change and one rebalance", async () => {
  await using cluster = await TestCluster.start({ targets: 4, proxies: 2 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 100);
  await client.fill("b", names, contentOf);
  const { proxy_si } = await client.smap();
  const proxies = await Promise.all(cluster.proxies.map(idOf));
  const proxy = must(
    proxies.find((id) => id !== proxy_si.daemon_id),
    "proxy",
  );
  const targets = await Promise.all(cluster.targets.slice(0, 2).map(idOf));
  const sids = [...targets, proxy];
  const job = await client.changeNode("start-maintenance", sids[0] ?? "", { sids });
  expect(job).toBe("g1");
  expect(await client.wait(job)).toMatchObject({ aborted: false, err: "" });
  for (const id of targets) await client.untilFlags(id, MAINTENANCE_AFTER_REBALANCE);
  expect(await client.flags(proxy)).toBe(MAINTENANCE);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  const back = await client.changeNode("stop-maintenance", sids[0] ?? "", { sids });
  expect(await client.wait(back)).toMatchObject({ aborted: false, err: "" });
  for (const id of sids) expect(await client.flags(id)).toBe(0);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await client.rebalances()).toEqual([job, back]);
}, 60_000);

test("what a target in maintenance was not to hand over is found by name while it runs, however slow it is", async () => {
  await using cluster = await TestCluster.start({ targets: 2 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 40);
  await client.fill("b", names, contentOf);
  const target = must(cluster.targets[0], "target");
  const id = await idOf(target);
  const held = await heldBy(target, "b", "2");
  expect(await client.changeNode("start-maintenance", id, { skip_rebalance: true })).toBe("");
  await client.untilFlags(id, MAINTENANCE);
  const [read = "", deleted = "", kept = "", lost = ""] = held;
  const call = async (method: string, name: string): Promise<number> => {
    const reply = await fetch(`${cluster.url}/v1/objects/b/${name}`, { method });
    await reply.bytes();
    return reply.status;
  };
  // Until every node knows that this is all that was to be done.
  await Bun.sleep(1500);
  // Longer than a short wait would be, shorter than anybody waits for a node to answer.
  target.pause();
  const replies = Promise.all([call("GET", read), call("DELETE", deleted)]);
  await Bun.sleep(2300);
  target.resume();
  expect(await replies).toEqual([200, 200]);
  expect(await call("GET", deleted)).toBe(404);

  // What does not run is as good as not there: nothing waits for it, and it comes back with what it has.
  await target.end("SIGKILL");
  expect([await call("GET", kept), await call("HEAD", kept), await call("DELETE", lost)]).toEqual([
    404, 404, 404,
  ]);
  expect(await client.put("b", lost, "newer")).toBe(200);
  target.start();
  await target.ready();
  expect(await call("GET", kept)).toBe(200);
  expect(await client.flags(id)).toBe(MAINTENANCE);
  expect(await client.wait(await client.changeNode("stop-maintenance", id))).toMatchObject({
    aborted: false,
  });
  // It owns that one again, and the newer one is what there is.
  expect(await (await fetch(`${cluster.url}/v1/objects/b/${lost}`)).text()).toBe("newer");
  expect(await client.names("b")).toEqual(names.filter((name) => name !== deleted));
}, 60_000);

test("of what two targets in maintenance kept in different forms, the newest is read", async () => {
  await using cluster = await TestCluster.start({ targets: 3 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 60);
  const ids = await Promise.all(cluster.targets.slice(0, 2).map(idOf));
  for (const id of ids) {
    await client.fill("b", names, (name) => Buffer.from(`${name} before ${id} left`));
    expect(await client.changeNode("start-maintenance", id, { skip_rebalance: true })).toBe("");
    await client.untilFlags(id, MAINTENANCE);
  }
  const newest = (name: string) => Buffer.from(`${name} before ${ids[1]} left`);
  expect(await client.wrong("b", names, newest)).toEqual([]);
  // Some of both were there in two forms.
  const left = await Promise.all(cluster.targets.slice(0, 2).map((target) => heldBy(target, "b", "2")));
  expect(left[0]?.length).toBeGreaterThan(0);
  expect(left[1]).toEqual([]);
}, 60_000);
