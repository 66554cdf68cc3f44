/** A bucket that is a cache (`lru.enabled`): the least recently used objects go when space is low, others never. */
import { expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { ais, BUCKET, createBucket, get, objectUrl } from "./objects.fixture.ts";
import { tmpfsObstacle, withSmallDisk } from "./tmpfs.fixture.ts";

const DISK_MIB = 224;
const OBJECT_BYTES = 4 << 20;
const OBJECTS = 20;
/** The cluster has started, and so has the node: nothing else is to be said of it. */
const FLAGS_STARTED = 6;
const HOUR_NS = 3_600_000_000_000n;

if (tmpfsObstacle !== "") console.log(`skipped: ${tmpfsObstacle}`);

test.skipIf(tmpfsObstacle !== "")(
  "evicts by itself down to the low watermark, oldest first",
  async () => {
    await using cluster = await TestCluster.start({ targets: 1 });
    using _disk = await withSmallDisk(cluster, DISK_MIB);
    const target = must(cluster.targets[0], "target");
    await createBucket(cluster, { lru: { enabled: true } });
    const plain = `${cluster.url}/v1/buckets/plain`;
    expect((await fetch(plain, { method: "POST", body: '{"action":"create-bck"}' })).status).toBe(200);
    const body = Buffer.alloc(OBJECT_BYTES, "x");
    const atNs = (hoursAgo: number): string =>
      String(BigInt(Date.now()) * 1_000_000n - BigInt(hoursAgo) * HOUR_NS);
    const store = async (url: string, hoursAgo: number): Promise<void> => {
      const reply = await fetch(url, { method: "PUT", body, headers: { "Ais-Atime": atNs(hoursAgo) } });
      expect(reply.status).toBe(200);
    };
    // The first is the oldest; the last two are too young. Nothing is enabled for the other bucket.
    for (let n = 0; n < OBJECTS; n++) await store(objectUrl(cluster, `o${n}`), n < OBJECTS - 2 ? 100 - n : 0);
    for (const name of ["a", "b"]) await store(`${cluster.url}/v1/objects/plain/${name}`, 1000);
    // The oldest but one is used again.
    expect((await get(cluster, "o1")).status).toBe(200);
    // 88 MiB are used, 39%: at most 56 MiB may stay.
    const marks = { cleanupwm: 20, lowwm: 25, highwm: 30, out_of_space: 60 };
    const query = Object.entries(marks).map(([name, value]) => `space.${name}=${value}`);
    expect(
      (await fetch(`${cluster.url}/v1/cluster/set-config?${query.join("&")}`, { method: "PUT" })).status,
    ).toBe(200);

    const left = async (): Promise<readonly number[]> => {
      const statuses = Array.from({ length: OBJECTS }, (_, n) =>
        fetch(objectUrl(cluster, `o${n}`), { method: "HEAD" }),
      );
      return (await Promise.all(statuses)).flatMap(({ status }, n) => (status === 200 ? [n] : []));
    };
    const deadline = performance.now() + 60_000;
    const ended = async (): Promise<boolean> => {
      const { out } = await ais(cluster, "show", "job", "lru", "--all", "--json");
      const jobs = JSON.parse(out) as { endTime: string }[];
      return jobs.length > 0 && jobs.every(({ endTime }) => endTime !== "");
    };
    while (!(await ended()) && performance.now() < deadline) await sleep(300);
    const kept = await left();
    expect(kept).toContain(1);
    const evicted = Array.from({ length: OBJECTS }, (_, n) => n).filter((n) => !kept.includes(n));
    // As many as needed, in order of their age, the one in use left out.
    expect(evicted.length).toBeGreaterThanOrEqual(8);
    expect(evicted.length).toBeLessThanOrEqual(11);
    expect(evicted).toEqual([0, ...Array.from({ length: evicted.length - 1 }, (_, i) => i + 2)]);
    for (const name of ["a", "b"])
      expect((await fetch(`${cluster.url}/v1/objects/plain/${name}`, { method: "HEAD" })).status).toBe(200);
    // A target looks at its disks every few seconds.
    let status = await nodeStatus(target);
    for (; status.cluster.flags !== FLAGS_STARTED && performance.now() < deadline; await sleep(300))
      status = await nodeStatus(target);
    expect(status.capacity.pct_max).toBeLessThanOrEqual(26);
    expect(status.cluster.flags).toBe(FLAGS_STARTED);
    const metrics = await (await fetch(`${target.url}/metrics`)).text();
    const metric = (name: string): number =>
      Number(new RegExp(`ais_target_${name}\\{[^}]*\\} (\\S+)`).exec(metrics)?.[1]);
    expect(metric("lru_evict_count")).toBe(evicted.length);
    expect(metric("lru_evict_bytes")).toBe(evicted.length * OBJECT_BYTES);
    expect(metric("cleanup_store_count")).toBeGreaterThanOrEqual(0);
    expect(metric("state_flags")).toBe(FLAGS_STARTED);
    // Once was enough.
    await sleep(2_500);
    expect(JSON.parse((await ais(cluster, "show", "job", "lru", "--all", "--json")).out)).toHaveLength(1);
    expect(await ais(cluster, "storage", "check", "--verify")).toMatchObject({ exitCode: 0 });
    expect((await ais(cluster, "ls", `ais://${BUCKET}`, "--name-only")).out).toContain("o1");
  },
  120_000,
);

interface NodeStatus {
  readonly capacity: { readonly pct_max: number };
  readonly cluster: { readonly flags: number };
}

async function nodeStatus({ url }: Daemon): Promise<NodeStatus> {
  return (await (await fetch(`${url}/v1/daemon?what=node_status`)).json()) as NodeStatus;
}
