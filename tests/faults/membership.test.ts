import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";

/** Where a test waits for a silent node to leave the cluster map. */
const SHORT_LEASE_TTL = "4s";

test("a killed target leaves the Smap; restarted, it returns with its id and its data", async () => {
  await using cluster = await TestCluster.start({ targets: 2, leaseTtl: SHORT_LEASE_TTL });
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
}, 90_000);

test("a target that stops cleanly leaves long before it would be missed", async () => {
  await using cluster = await TestCluster.start({ targets: 2, leaseTtl: "10m" });
  expect(await must(cluster.targets[0], "target").end("SIGTERM")).toBe(0);
  await cluster.complete(1);
}, 90_000);

test("a paused target leaves, and comes back by itself", async () => {
  await using cluster = await TestCluster.start({ targets: 2, leaseTtl: SHORT_LEASE_TTL });
  const target = must(cluster.targets[1], "target");
  target.pause();
  await cluster.complete(1);
  target.resume();
  await cluster.complete(2);
}, 90_000);

test("when the primary proxy is killed another one takes over and the cluster serves", async () => {
  await using cluster = await TestCluster.start({ targets: 1, proxies: 2, leaseTtl: SHORT_LEASE_TTL });
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
}, 90_000);

interface Smap {
  readonly tmap: object;
  readonly version: string;
  readonly proxy_si: { readonly public_net: { readonly direct_url: string } };
}

async function smap(cluster: TestCluster): Promise<Smap> {
  return (await (await fetch(`${cluster.url}/v1/daemon?what=smap`)).json()) as Smap;
}
