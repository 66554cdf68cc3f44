import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";

test("a killed target leaves the Smap; restarted, it returns with its id and its data", async () => {
  await using cluster = await TestCluster.start({ targets: 2 });
  await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
  const names = Array.from({ length: 40 }, (_, i) => `o${i}`);
  for (const name of names) {
    const stored = await fetch(`${cluster.url}/v1/objects/b/${name}`, {
      method: "PUT",
      body: name.repeat(5_000),
    });
    expect(stored.status).toBe(200);
  }
  const before = await smap(cluster);
  const victim = must(cluster.targets[0], "target");
  await victim.end("SIGKILL");
  await cluster.complete(1);
  victim.start();
  await victim.ready();
  await cluster.complete(2);
  const after = await smap(cluster);
  expect(Object.keys(after.tmap).sort()).toEqual(Object.keys(before.tmap).sort());
  expect(Number(after.version)).toBeGreaterThan(Number(before.version));
  for (const name of names) {
    expect(await (await fetch(`${cluster.url}/v1/objects/b/${name}`)).text()).toBe(name.repeat(5_000));
  }
}, 60_000);

test("a target that stops cleanly leaves at once, and a paused one comes back by itself", async () => {
  await using cluster = await TestCluster.start({ targets: 2 });
  const [first, second] = [must(cluster.targets[0], "first"), must(cluster.targets[1], "second")];
  const started = performance.now();
  expect(await first.end("SIGTERM")).toBe(0);
  await cluster.complete(1);
  expect(performance.now() - started).toBeLessThan(3_000);
  second.pause();
  await cluster.complete(0);
  second.resume();
  await cluster.complete(1);
}, 60_000);

test("when the primary proxy is killed another one takes over and the cluster serves", async () => {
  await using cluster = await TestCluster.start({ targets: 1, proxies: 2 });
  const primaryUrl = (await smap(cluster)).proxy_si.public_net.direct_url;
  const primary = must(
    cluster.proxies.find((proxy) => proxy.url === primaryUrl),
    "primary",
  );
  const other = must(
    cluster.proxies.find((proxy) => proxy !== primary),
    "other",
  );
  await primary.end("SIGKILL");
  for (;;) {
    const now = (await (await fetch(`${other.url}/v1/daemon?what=smap`)).json()) as Smap;
    if (now.proxy_si.public_net.direct_url === other.url) break;
    await Bun.sleep(50);
  }
  const created = await fetch(`${other.url}/v1/buckets/b`, {
    method: "POST",
    body: '{"action":"create-bck"}',
  });
  expect(created.status).toBe(200);
  expect((await fetch(`${other.url}/v1/objects/b/o`, { method: "PUT", body: "x" })).status).toBe(200);
}, 60_000);

interface Smap {
  readonly tmap: object;
  readonly version: string;
  readonly proxy_si: { readonly public_net: { readonly direct_url: string } };
}

async function smap(cluster: TestCluster): Promise<Smap> {
  return (await (await fetch(`${cluster.url}/v1/daemon?what=smap`)).json()) as Smap;
}
