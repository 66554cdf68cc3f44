/** Targets that join and return, what is refused, and the choice of the primary. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { ClusterClient, heldBy, idOf, untilEnded } from "./cluster.fixture.ts";
import { contentOf, numbered, until } from "./jobs.fixture.ts";

const BID = "2";

test("a new target gets its share by itself, and everything can be read before it has it", async () => {
  await using cluster = await TestCluster.start({ targets: 2 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 300);
  await client.fill("b", names, contentOf);
  const joined = await cluster.addTarget();
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await client.names("b")).toEqual(names);
  const job = await until(30_000, "a rebalance", async () => (await client.rebalances())[0] ?? null);
  expect(await client.wait(job)).toMatchObject({ aborted: false, err: "" });
  const held = await heldBy(joined, "b", BID);
  expect(held.length).toBeGreaterThan(50);
  const others = await Promise.all(
    cluster.targets.filter((each) => each !== joined).map((each) => heldBy(each, "b", BID)),
  );
  expect([...held, ...others.flat()].sort()).toEqual([...names]);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
}, 60_000);

test("without rebalance objects are found where they are; started by hand it moves them", async () => {
  await using cluster = await TestCluster.start({ targets: 2 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 120);
  await client.fill("b", names, contentOf);
  const configure = (value: boolean) =>
    fetch(`${cluster.url}/v1/cluster/set-config?rebalance.enabled=${value}`, { method: "PUT" });
  expect((await configure(false)).status).toBe(200);
  const joined = await cluster.addTarget();
  expect((await client.act("PUT", "/v1/cluster", "start", { Kind: "rebalance" })).status).toBe(400);
  await Bun.sleep(1500);
  expect(await client.rebalances()).toEqual([]);
  expect(await heldBy(joined, "b", BID)).toEqual([]);
  // What is changed, deleted or read meanwhile is so for good.
  const [first = "", second = "", ...rest] = names;
  expect(await client.put("b", first, "new")).toBe(200);
  const gone = rest.slice(0, 30);
  for (const name of gone) {
    const reply = await fetch(`${cluster.url}/v1/objects/b/${name}`, { method: "DELETE" });
    expect(reply.status).toBe(200);
  }
  expect((await fetch(`${cluster.url}/v1/objects/b/${second}`, { method: "HEAD" })).status).toBe(200);
  expect(await client.names("b")).toEqual(names.filter((name) => !gone.includes(name)));
  expect((await configure(true)).status).toBe(200);
  const job = await until(30_000, "a rebalance", async () => (await client.rebalances())[0] ?? null);
  expect(await client.wait(job)).toMatchObject({ aborted: false, err: "" });
  expect(await client.names("b")).toEqual(names.filter((name) => !gone.includes(name)));
  expect(await (await fetch(`${cluster.url}/v1/objects/b/${first}`)).text()).toBe("new");
  const left = names.filter((name) => name !== first && !gone.includes(name));
  expect(await client.wrong("b", left, contentOf)).toEqual([]);
  const again = await client.job("PUT", "/v1/cluster", "start", { Kind: "rebalance" });
  expect(await client.wait(again)).toMatchObject({ aborted: false, err: "" });
}, 60_000);

test("a target that was away never shows what was overwritten without it", async () => {
  await using cluster = await TestCluster.start({ targets: 3 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 150);
  await client.fill("b", names, contentOf);
  const away = must(cluster.targets[2], "target");
  const stale = await heldBy(away, "b", BID);
  await away.end("SIGTERM");
  await cluster.complete(2);
  const newContent = (name: string): Buffer<ArrayBuffer> => Buffer.from(`${name} again`);
  await client.fill("b", stale, newContent);
  away.start();
  await away.ready();
  await cluster.complete(3);
  expect(await client.wrong("b", stale, newContent)).toEqual([]);
  const job = await until(30_000, "a rebalance", async () => (await client.rebalances())[0] ?? null);
  expect(await client.wait(job)).toMatchObject({ aborted: false, err: "" });
  expect(await client.wrong("b", stale, newContent)).toEqual([]);
  expect((await heldBy(away, "b", BID)).length).toBe(stale.length);
}, 60_000);

test("what cannot be done is refused, and changes nothing", async () => {
  using faults = new FaultsFile();
  await using cluster = await TestCluster.start({ targets: 2, proxies: 2, env: faults.env });
  const client = new ClusterClient(cluster);
  await client.create("b");
  await client.fill("b", numbered("o", 40), contentOf);
  const [one, two] = cluster.targets;
  const ids = [await idOf(must(one, "target")), await idOf(must(two, "target"))];
  const { proxy_si, version } = await client.smap();
  const act = async (action: string, value: object) => {
    const reply = await client.act("PUT", "/v1/cluster", action, value);
    return [reply.status, await reply.text()] as const;
  };
  expect(await act("start-maintenance", { sid: "nobody00" })).toMatchObject([
    404,
    expect.stringContaining("nobody00"),
  ]);
  expect(await act("stop-maintenance", { sid: "nobody00" })).toMatchObject([404, expect.anything()]);
  expect(await act("decommission-node", {})).toMatchObject([400, expect.stringContaining("missing node ID")]);
  expect(await act("start-maintenance", { sid: proxy_si.daemon_id })).toMatchObject([
    400,
    expect.stringContaining("is the current primary"),
  ]);
  expect(await act("decommission-node", { sids: ids })).toMatchObject([
    400,
    expect.stringContaining("no active target is left"),
  ]);
  expect(await act("rm-unsafe", { sid: ids[0] })).toMatchObject([400, expect.anything()]);
  // Active already: nothing to do, as AIStore says.
  expect(await act("stop-maintenance", { sid: ids[0] })).toEqual([200, ""]);
  expect((await client.smap()).version).toBe(version);

  // The rebalance cannot end while its objects are not stored.
  faults.set({ operation: "commit", holds: true });
  const job = await client.changeNode("start-maintenance", ids[0] ?? "");
  expect((await act("stop-maintenance", { sid: ids[0] }))[0]).toBe(409);
  expect((await client.act("POST", "/v1/buckets/b?bck_to=ais%2F%40%23%2Fc%2F", "copy-bck", {})).status).toBe(
    409,
  );
  faults.clear();
  await client.wait(job);
  await client.untilFlags(ids[0] ?? "", 4 | 16);
  expect(await act("start-maintenance", { sid: ids[0] })).toEqual([200, ""]);
  expect(await act("start-maintenance", { sid: ids[1] })).toMatchObject([400, expect.anything()]);
}, 60_000);

test("maintenance outlives restarts of the node and of the primary", async () => {
  await using cluster = await TestCluster.start({ targets: 3, proxies: 1 });
  const client = new ClusterClient(cluster);
  await client.create("b");
  const names = numbered("o", 60);
  await client.fill("b", names, contentOf);
  const target = must(cluster.targets[0], "target");
  const id = await idOf(target);
  const { pid } = target;
  await client.wait(await client.changeNode("shutdown-node", id));
  await untilEnded(target, pid);
  // It stays in the cluster map, and nobody waits for it.
  expect(await client.flags(id)).toBe(4 | 16);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
  expect(await client.names("b")).toEqual(names);
  expect((await client.act("PUT", "/v1/cluster", "stop-maintenance", { sid: id })).status).toBe(400);
  const proxy = must(cluster.proxies[0], "proxy");
  await proxy.end("SIGKILL");
  proxy.start();
  await proxy.ready();
  target.start();
  await target.ready();
  await cluster.complete();
  expect(await client.flags(id)).toBe(4 | 16);
  await Bun.sleep(1500);
  expect(await heldBy(target, "b", BID)).toEqual([]);
  await client.wait(await client.changeNode("stop-maintenance", id));
  expect(await client.flags(id)).toBe(0);
  expect((await heldBy(target, "b", BID)).length).toBeGreaterThan(0);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);

  // Shut down for good, it is taken out of the map without being asked.
  const secondPid = target.pid;
  await client.wait(await client.changeNode("shutdown-node", id));
  await untilEnded(target, secondPid);
  expect(await client.changeNode("rm-unsafe", id, { skip_rebalance: true })).toBe("");
  expect(await client.flags(id)).toBe(null);
  expect(await client.wrong("b", names, contentOf)).toEqual([]);
}, 60_000);

test("the primary's role goes to the proxy that is named", async () => {
  await using cluster = await TestCluster.start({ targets: 1, proxies: 3 });
  const client = new ClusterClient(cluster);
  const ids = await Promise.all(cluster.proxies.map(idOf));
  const set = async (id: string, url = cluster.url) => {
    const reply = await fetch(`${url}/v1/cluster/proxy/${id}`, { method: "PUT" });
    return [reply.status, await reply.text()] as const;
  };
  for (const [index, id] of [...ids, ids[0] ?? ""].entries()) {
    // Any proxy takes the request.
    const via = must(cluster.proxies[index % cluster.proxies.length], "proxy").url;
    expect(await set(id, via)).toEqual([200, ""]);
    for (const daemon of cluster.daemons) expect((await client.smap(daemon.url)).proxy_si.daemon_id).toBe(id);
    const health = await fetch(`${must(cluster.proxies[ids.indexOf(id)], "proxy").url}/v1/health?apr=true`);
    expect(health.status).toBe(200);
  }
  expect((await set("nobody00"))[0]).toBe(404);
  expect(await set(await idOf(must(cluster.targets[0], "target")))).toMatchObject([
    400,
    expect.stringContaining("is not a proxy"),
  ]);
  const other = ids[1] ?? "";
  expect(await client.changeNode("start-maintenance", other)).toBe("");
  expect(await client.flags(other)).toBe(4);
  expect(await set(other)).toMatchObject([400, expect.stringContaining("under maintenance")]);
  // Nor is it elected when the primary dies.
  await must(cluster.proxies[0], "proxy").end("SIGTERM");
  await until(30_000, "another primary", async () => {
    const url = must(cluster.proxies[2], "proxy").url;
    return (await client.smap(url)).proxy_si.daemon_id === ids[2] ? true : null;
  });
}, 60_000);
