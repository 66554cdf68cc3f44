/** A full disk under a real target: writes are refused with 507, nothing is torn, reads go on, and space heals it. */
import { expect, test } from "bun:test";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { ais, createBucket, get, put, remove } from "./objects.fixture.ts";
import { mountpathOf, tmpfsObstacle, withSmallDisk } from "./tmpfs.fixture.ts";

const DISK_MIB = 112;
const OUT_OF_SPACE = 507;

if (tmpfsObstacle !== "") console.log(`skipped: ${tmpfsObstacle}`);

/** Takes what is left of the file system, the engine's reserve included. */
function fillUp(path: string): void {
  const file = openSync(path, "w");
  const block = Buffer.alloc(64 * 1024, 1);
  try {
    for (;;) if (writeSync(file, block) < block.byteLength) break;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(file);
  }
}

test.skipIf(tmpfsObstacle !== "")(
  "507 while it is full, right again afterwards",
  async () => {
    const random = new SeededRandom();
    console.log(`seed ${random.seed}`);
    await using cluster = await TestCluster.start({ targets: 1 });
    using _disk = await withSmallDisk(cluster, DISK_MIB);
    const target = must(cluster.targets[0], "target");
    await createBucket(cluster);
    const stored = new Map<string, Buffer>();
    const store = async (name: string, sizeBytes: number): Promise<number> => {
      const body = random.bytes(sizeBytes);
      const { status } = await put(cluster, name, body);
      if (status === 200) stored.set(name, body);
      return status;
    };
    const expectAllRight = async (): Promise<void> => {
      for (const [name, body] of stored) {
        const found = await get(cluster, name, "?validate-checksum=true");
        expect([name, found.status, found.body.equals(body)]).toEqual([name, 200, true]);
      }
    };

    let status = 200;
    for (let n = 0; status === 200; n++)
      status = await store(`o${n}`, random.pick([2_000, 16_000, 700_000, 1_500_000]));
    expect(status).toBe(OUT_OF_SPACE);
    await expectAllRight();

    // Not even the reserve is left now: what the target tries meets the file system's own refusal.
    const filler = join(mountpathOf(target, 1), "filler");
    fillUp(filler);
    const [first = ""] = stored.keys();
    for (const sizeBytes of [10, 10_000, 100_000, 3_000_000]) {
      expect([sizeBytes, await store(first, sizeBytes), await store(`new-${sizeBytes}`, sizeBytes)]).toEqual([
        sizeBytes,
        OUT_OF_SPACE,
        OUT_OF_SPACE,
      ]);
    }
    await expectAllRight();
    for (const name of [...stored.keys()].slice(0, 5)) {
      const { status: deleted } = await remove(cluster, name);
      expect([200, OUT_OF_SPACE]).toContain(deleted);
      if (deleted === 200) stored.delete(name);
    }
    await expectAllRight();

    rmSync(filler);
    for (const name of [...stored.keys()].slice(0, 40)) {
      expect((await remove(cluster, name)).status).toBe(200);
      stored.delete(name);
    }
    // Files of deleted objects go at once when somebody needs their space.
    expect(await store("again", 900_000)).toBe(200);
    await expectAllRight();
    expect(await ais(cluster, "storage", "check", "--verify")).toMatchObject({ exitCode: 0 });

    await target.end("SIGKILL");
    target.start();
    await target.ready();
    await cluster.complete();
    await expectAllRight();
    expect(await ais(cluster, "storage", "check", "--verify")).toMatchObject({ exitCode: 0 });
  },
  120_000,
);
