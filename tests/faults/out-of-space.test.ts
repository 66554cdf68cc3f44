/**
 * The watermarks of `space` on a small file system: writes are refused with 507 beyond `out_of_space`, the node's status
 * says so, a cleanup starts by itself, reads go on, and space that comes back is taken into use without anybody's help.
 */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import type { Daemon } from "@ais/testkit/daemon.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { HEALTHY_STATE_FLAGS, STATE_FLAGS } from "@ais/wire/node-status.ts";
import { ais, createBucket, get, objectUrl, put, remove } from "./objects.fixture.ts";
import { mountpathOf, tmpfsObstacle, withSmallDisk } from "./tmpfs.fixture.ts";

const DISK_MIB = 224;
const WATERMARKS = { cleanupwm: 20, lowwm: 25, highwm: 30, out_of_space: 40 };
const OUT_OF_SPACE = 507;
const HOURS_AGO = new Date(Date.now() - 3 * 3_600_000);

if (tmpfsObstacle !== "") console.log(`skipped: ${tmpfsObstacle}`);

interface NodeStatus {
  readonly cluster: { readonly flags: number };
  readonly capacity: { readonly cs_err: string; readonly pct_max: number };
}

async function statusOf({ url }: Daemon): Promise<NodeStatus> {
  return (await (await fetch(`${url}/v1/daemon?what=node_status`)).json()) as NodeStatus;
}

/** Ends with an assertion that failed when that never comes true. */
async function eventually(assert: () => void | Promise<void>): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await assert();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

/** Whether each of them has ended. */
async function cleanups(cluster: TestCluster): Promise<readonly boolean[]> {
  const { out } = await ais(cluster, "show", "job", "cleanup-store", "--all", "--json");
  return (JSON.parse(out) as { endTime: string }[]).map(({ endTime }) => endTime !== "");
}

test.skipIf(tmpfsObstacle !== "")(
  "from enough space to none and back",
  async () => {
    const random = new SeededRandom();
    console.log(`seed ${random.seed}`);
    await using cluster = await TestCluster.start({ targets: 1 });
    using _disk = await withSmallDisk(cluster, DISK_MIB);
    const target = must(cluster.targets[0], "target");
    const query = Object.entries(WATERMARKS).map(([name, value]) => `space.${name}=${value}`);
    const set = await fetch(`${cluster.url}/v1/cluster/set-config?${query.join("&")}`, { method: "PUT" });
    expect(set.status).toBe(200);
    await createBucket(cluster);
    expect((await statusOf(target)).cluster.flags).toBe(HEALTHY_STATE_FLAGS);
    const leftOver = join(mountpathOf(target, 1), "objects", "05", "00000001ffff0005");
    writeFileSync(leftOver, Buffer.alloc(1 << 20));
    utimesSync(leftOver, HOURS_AGO, HOURS_AGO);

    const stored = new Map<string, Buffer>();
    const seen = new Set<number>();
    let status = 200;
    let refusal = "";
    for (let n = 0; status === 200; n++) {
      const body = random.bytes(random.pick([200_000, 4 << 20]));
      const answer = await put(cluster, `o${n}`, body);
      status = answer.status;
      if (status === 200) stored.set(`o${n}`, body);
      else refusal = answer.body.toString();
      const { cluster: state, capacity } = await statusOf(target);
      seen.add(state.flags);
      // A cleanup starts by itself, and finds what was left over.
      if (capacity.pct_max > WATERMARKS.cleanupwm && existsSync(leftOver))
        await eventually(() => expect(existsSync(leftOver)).toBe(false));
    }
    expect(status).toBe(OUT_OF_SPACE);
    expect(JSON.parse(refusal)).toMatchObject({
      tcode: "ErrCapExceeded",
      message: expect.stringContaining("out of space"),
    });
    // Up the ladder, and no further. The disk is looked at every few seconds, so it may fill past the step between.
    const low = HEALTHY_STATE_FLAGS | STATE_FLAGS.lowCapacity | STATE_FLAGS.diskLowCapacity;
    const out = HEALTHY_STATE_FLAGS | STATE_FLAGS.outOfSpace | STATE_FLAGS.diskOutOfSpace;
    expect([...seen].filter((flags) => flags !== low)).toEqual([HEALTHY_STATE_FLAGS, out]);
    if (seen.has(low)) expect([...seen].indexOf(low)).toBe(1);
    const full = await statusOf(target);
    expect(full.capacity.cs_err).toStartWith("out of space");
    expect(full.capacity.pct_max).toBeGreaterThanOrEqual(WATERMARKS.out_of_space);
    expect(await (await fetch(`${target.url}/metrics`)).text()).toMatch(
      /limit_hits_count\{[^}]*"out_of_space"\} [1-9]/,
    );
    const sysinfo = (await (await fetch(`${target.url}/v1/daemon?what=sysinfo`)).json()) as Record<
      string,
      unknown
    >;
    expect(sysinfo).toMatchObject({ fs_capacity: String(DISK_MIB << 20), mem_used: expect.any(Number) });

    expect((await ais(cluster, "show", "storage")).out).toContain("out of space");
    expect((await ais(cluster, "show", "cluster")).out).toContain("disk-out-of-space");

    // Every kind of write is refused, reads and the rest are not.
    for (const answer of [
      await put(cluster, "small", Buffer.from("x")),
      await put(cluster, "o0", Buffer.from("y")),
    ])
      expect(answer.status).toBe(OUT_OF_SPACE);
    const begun = await fetch(objectUrl(cluster, "parts"), {
      method: "POST",
      body: '{"action":"mpt-upload"}',
    });
    expect(begun.status).toBe(OUT_OF_SPACE);
    for (const [name, body] of stored) {
      const found = await get(cluster, name, "?validate-checksum=true");
      expect([name, found.status, found.body.equals(body)]).toEqual([name, 200, true]);
    }

    // No second one follows it, full as the disk is by now.
    await eventually(async () => expect(await cleanups(cluster)).toEqual([true]));
    await sleep(3_000);
    expect(await cleanups(cluster)).toHaveLength(1);

    // Deleted objects give their space back when somebody cleans, and before their grace period is over.
    for (const name of [...stored.keys()].slice(0, Math.ceil(stored.size / 2) + 2)) {
      expect((await remove(cluster, name)).status).toBe(200);
      stored.delete(name);
    }
    expect(await ais(cluster, "start", "cleanup-store")).toMatchObject({ exitCode: 0 });
    await eventually(async () => {
      const { cluster: state, capacity } = await statusOf(target);
      expect(state.flags & (STATE_FLAGS.outOfSpace | STATE_FLAGS.diskOutOfSpace)).toBe(0);
      expect(capacity.cs_err).not.toContain("out of space");
    });
    const again = random.bytes(100_000);
    expect((await put(cluster, "again", again)).status).toBe(200);
    stored.set("again", again);
    for (const [name, body] of stored) expect((await get(cluster, name)).body.equals(body)).toBe(true);
    expect(readdirSync(join(mountpathOf(target, 1), "objects", "05"))).not.toContain("00000001ffff0005");
    expect(await ais(cluster, "storage", "check", "--verify")).toMatchObject({ exitCode: 0 });
  },
  150_000,
);
