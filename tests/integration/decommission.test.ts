/** Targets leave for good, die in the middle of it, and join, under load: what was acknowledged is there, and nothing else. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { ClusterClient, heldBy, idOf, untilEnded } from "./cluster.fixture.ts";
import { contentOf, numbered, until } from "./jobs.fixture.ts";
import { checkLoad, MembershipLoad } from "./membership-load.fixture.ts";

const BID = "2";

function startLoad(cluster: TestCluster): MembershipLoad {
  const random = new SeededRandom();
  console.log(`seed ${random.seed}`);
  const [first, ...others] = cluster.proxies.map(({ url }) => url);
  return new MembershipLoad([must(first, "proxy"), ...others], "b", random, 6, 40);
}

test.each([
  ["", {}],
  [" of two processes", { workers: 2 }],
])(
  "a decommissioned target%s leaves with its data once others have it",
  async (_, processes) => {
    await using cluster = await TestCluster.start({ targets: 3, proxies: 2, ...processes });
    const client = new ClusterClient(cluster);
    await client.create("b");
    const names = numbered("o", 400);
    await client.fill("b", names, contentOf);
    const load = startLoad(cluster);
    const target = must(cluster.targets[1], "target");
    const id = await idOf(target);
    const { pid } = target;
    await Bun.sleep(300);
    const job = await client.changeNode("decommission-node", id, { rm_user_data: true });
    expect(await client.flags(id)).toBe(8);
    // Whatever listing is asked for meanwhile is a whole one.
    const listings = until(60_000, "the job to end", async () => {
      expect((await client.names("b", "o")).length).toBe(names.length);
      return (await client.status(job)).end_time === 0 ? null : true;
    });
    expect(await client.wait(job)).toMatchObject({ aborted: false, err: "" });
    await listings;
    await client.untilFlags(id, null);
    await untilEnded(target, pid);
    await checkLoad(load, client);
    expect(await client.wrong("b", names, contentOf)).toEqual([]);
    expect((await client.names("b", "o")).length).toBe(names.length);
    const mountpath = join(target.plan.directory, "mp1");
    expect(existsSync(mountpath)).toBe(true);
    expect(readdirSync(mountpath)).toEqual([]);
  },
  90_000,
);

test("a target that dies in the middle of a rebalance comes back, and nothing is lost", async () => {
  await using cluster = await TestCluster.start({ targets: 3 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 400);
  await client.fill("b", names, contentOf);
  const leaving = must(cluster.targets[0], "leaving");
  const dying = must(cluster.targets[1], "dying");
  const id = await idOf(leaving);
  const load = startLoad(cluster);
  const job = await client.changeNode("start-maintenance", id);
  // Objects go to it and do not arrive, so that the job cannot end before it dies.
  dying.pause();
  await Bun.sleep(300);
  await dying.end("SIGKILL");
  dying.start();
  await dying.ready();
  // The job goes on, or another one takes its place; either way the target ends up empty.
  await client.untilFlags(id, 4 | 16);
  const ended = await client.wait(job);
  console.log(
    `${job}: ${ended.aborted ? `aborted, ${ended.err}` : "done"}; ${(await client.rebalances()).join()}`,
  );
  await checkLoad(load, client);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await heldBy(leaving, "b", BID)).toEqual([]);
}, 90_000);

test("a target that leaves and dies on the way goes on when it is back", async () => {
  await using cluster = await TestCluster.start({ targets: 3 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 400);
  await client.fill("b", names, contentOf);
  const leaving = must(cluster.targets[0], "leaving");
  const id = await idOf(leaving);
  await client.changeNode("start-maintenance", id);
  await leaving.end("SIGKILL");
  leaving.start();
  await leaving.ready();
  await client.untilFlags(id, 4 | 16);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await heldBy(leaving, "b", BID)).toEqual([]);
}, 90_000);

test("a node that is not to be shut down leaves the cluster and stays a process; data that nobody gave up stays", async () => {
  await using cluster = await TestCluster.start({ targets: 2, proxies: 2 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  await client.fill("b", numbered("o", 40), contentOf);
  const proxy = must(cluster.proxies[1], "proxy");
  const proxyId = await idOf(proxy);
  const other =
    proxyId === (await client.smap()).proxy_si.daemon_id ? must(cluster.proxies[0], "proxy") : proxy;
  const { pid } = other;
  const id = await idOf(other);
  const via = must(
    cluster.proxies.find((each) => each !== other),
    "proxy",
  ).url;
  const act = async (value: object) => {
    const body = JSON.stringify({ action: "decommission-node", name: "", value });
    return (await fetch(`${via}/v1/cluster`, { method: "PUT", body })).status;
  };
  expect(await act({ sid: id, no_shutdown: true })).toBe(200);
  expect((await client.smap(via)).pmap[id]).toBeUndefined();
  await Bun.sleep(500);
  expect(process.kill(pid, 0)).toBe(true);
  expect(await other.end("SIGTERM")).toBe(0);

  // Without `rm_user_data` what is in the mountpath stays, though the node is gone.
  const target = must(cluster.targets[0], "target");
  const targetPid = target.pid;
  const targetId = await idOf(target);
  // Nobody else's word is enough for a node to give up what it has.
  const forged = async (url: string, headers: Record<string, string>) => {
    const body = JSON.stringify({ action: "decommission-node", name: "", value: { rm_user_data: true } });
    return (await fetch(url, { method: "PUT", headers, body })).status;
  };
  const proxy1 = await idOf(
    must(
      cluster.proxies.find((each) => each !== other),
      "proxy",
    ),
  );
  expect(await forged(`${target.url}/v1/daemon`, { [HEADERS.callerId]: proxy1 })).toBe(403);
  expect(await forged(`${via}/v1/reverse/daemon`, { [HEADERS.nodeId]: targetId })).toBe(403);
  expect(await act({ sid: targetId, skip_rebalance: true })).toBe(200);
  expect((await client.smap(via)).tmap[targetId]).toBeUndefined();
  await untilEnded(target, targetPid);
  expect(readdirSync(join(target.plan.directory, "mp1"))).toContain("mountpath.json");
  target.start();
  await target.ready();
  await until(30_000, "the target to be back", async () =>
    (await client.smap(via)).tmap[targetId] ? true : null,
  );
  // It is a member like any other, with what it had.
  await until(30_000, "everything to be there", async () => {
    const lists = await Promise.all(cluster.targets.map((each) => heldBy(each, "b", BID).catch(() => [])));
    return new Set(lists.flat()).size === 40 ? true : null;
  });
}, 90_000);
