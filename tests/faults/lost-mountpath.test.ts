/** A disk that goes away under a running target: clear errors for what was on it, the rest is served, the process lives. */
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { SeededRandom } from "@ais/testkit/random.ts";
import { ais, createBucket, get, objectUrl, put } from "./objects.fixture.ts";
import { mountpathOf, tmpfsObstacle, withSmallDisk } from "./tmpfs.fixture.ts";

const OBJECTS = 40;

if (tmpfsObstacle !== "") console.log(`unmounting is skipped: ${tmpfsObstacle}`);

async function loseOne(isMounted: boolean): Promise<void> {
  const random = new SeededRandom();
  console.log(`seed ${random.seed}`);
  await using cluster = await TestCluster.start({ targets: 1, mountpathsPerTarget: 2 });
  using stack = new DisposableStack();
  const disk = isMounted ? stack.use(await withSmallDisk(cluster, 128)) : null;
  const target = must(cluster.targets[0], "target");
  const gone = mountpathOf(target, 1);
  await createBucket(cluster);
  const stored = new Map<string, Buffer>();
  const homes = new Map<string, string>();
  for (let n = 0; n < OBJECTS; n++) {
    const body = random.bytes(random.pick([500, 30_000, 200_000]));
    expect((await put(cluster, `o${n}`, body)).status).toBe(200);
    stored.set(`o${n}`, body);
    const head = await fetch(objectUrl(cluster, `o${n}`), { method: "HEAD" });
    homes.set(`o${n}`, head.headers.get("ais-mirror-paths") ?? "");
  }
  const isLost = (name: string): boolean => must(homes.get(name), name).includes(gone);
  expect([...stored.keys()].filter(isLost).length).toBeGreaterThan(3);

  if (disk === null) rmSync(gone, { recursive: true });
  else disk.unmountLazily();

  for (const [name, body] of stored) {
    const found = await get(cluster, name);
    if (isLost(name)) {
      // Small objects may still be in memory; then they are right.
      if (found.status === 200) expect(found.body.equals(body)).toBe(true);
      else
        expect([name, found.status, found.body.toString()]).toEqual([
          name,
          500,
          expect.stringContaining("is gone"),
        ]);
      expect(await put(cluster, name, Buffer.from("new"))).toMatchObject({ status: 500 });
    } else {
      expect([name, found.status, found.body.equals(body)]).toEqual([name, 200, true]);
      const replacement = random.bytes(20_000);
      expect((await put(cluster, name, replacement)).status).toBe(200);
      expect((await get(cluster, name)).body.equals(replacement)).toBe(true);
    }
  }
  expect((await fetch(`${target.url}/v1/health`)).status).toBe(200);
  const metrics = await (await fetch(`${target.url}/metrics`)).text();
  expect(metrics).toMatch(/ais_target_mountpaths_gone\{[^}]*\} 1\n/);
  expect(metrics).toMatch(/ais_target_err_io_put_count\{[^}]*\} [1-9]/);
  expect((await fetch(`${target.url}/v1/daemon?what=node_status`)).status).toBe(200);
  expect(target.output).toContain("is gone");
  expect(await target.end("SIGTERM")).toBe(0);

  // The next start does not take an empty directory for the lost disk, until somebody says so.
  target.start();
  await expect(target.ready()).rejects.toThrow("Is its disk mounted");
  const [path, beside] = [mountpathOf(target, 1), mountpathOf(target, 2)];
  const replaced = await ais(cluster, "storage", "replace", "--mountpath", path, "--beside", beside);
  expect([replaced.exitCode, replaced.err]).toEqual([0, ""]);
  target.start();
  await target.ready();
  await cluster.complete();
  for (const name of stored.keys()) expect((await get(cluster, name)).status).toBe(isLost(name) ? 404 : 200);
}

test("its directory is removed", () => loseOne(false), 60_000);

test.skipIf(tmpfsObstacle !== "")("its disk is unmounted", () => loseOne(true), 60_000);
