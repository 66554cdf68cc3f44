/** Files of overwritten, deleted and broken-off objects are gone after a kill -9 within their grace period. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { ais, BUCKET, createBucket, get, put, remove } from "./objects.fixture.ts";
import { mountpathOf } from "./tmpfs.fixture.ts";

const ROUNDS = 3;
const NAMES = 8;

function objectFiles(mountpath: string): readonly string[] {
  const objects = join(mountpath, "objects");
  return readdirSync(objects).flatMap((subdirectory) => readdirSync(join(objects, subdirectory)));
}

test("a target that is killed leaves no file that nothing names", async () => {
  const random = new SeededRandom();
  console.log(`seed ${random.seed}`);
  await using cluster = await TestCluster.start({ targets: 1 });
  await createBucket(cluster);
  const target = must(cluster.targets[0], "target");
  const stored = new Map<string, Buffer>();
  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < 24; n++) {
      const name = `n${random.integer(0, NAMES - 1)}`;
      if (random.next() < 0.3) {
        await remove(cluster, name);
        stored.delete(name);
        continue;
      }
      const body = random.bytes(random.integer(20_000, 400_000));
      expect((await put(cluster, name, body)).status).toBe(200);
      stored.set(name, body);
    }
    // Within their grace period replaced files are still there.
    expect(objectFiles(mountpathOf(target, 1)).length).toBeGreaterThan(stored.size);
    // And one object is on its way when the process dies.
    const half = connect({ port: target.plan.port, host: "127.0.0.1" });
    half.on("error", () => {});
    half.write(
      `PUT /v1/objects/${BUCKET}/half?pid=p1&utm=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n`,
    );
    half.write(random.bytes(500_000));
    while (!objectFiles(mountpathOf(target, 1)).some((name) => name.endsWith(".tmp"))) await Bun.sleep(5);
    await target.end("SIGKILL");
    half.destroy();
    target.start();
    await target.ready();
    await cluster.complete();
    expect(objectFiles(mountpathOf(target, 1))).toHaveLength(stored.size);
    for (const [name, body] of stored) expect((await get(cluster, name)).body.equals(body)).toBe(true);
  }
  expect(await ais(cluster, "storage", "check", "--verify")).toMatchObject({ exitCode: 0 });
}, 60_000);
