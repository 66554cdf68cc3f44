/** A write that a real target answers as failed has changed nothing, however late it failed. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { FaultsFile } from "@ais/testkit/faults.ts";
import { createBucket, get, put } from "./objects.fixture.ts";
import { mountpathOf } from "./tmpfs.fixture.ts";

const FILE_BYTES = 300_000;

function objectFiles(cluster: TestCluster): readonly string[] {
  const target = must(cluster.targets[0], "target");
  const paths: string[] = [];
  for (let number = 1; existsSync(mountpathOf(target, number)); number++) {
    const objects = join(mountpathOf(target, number), "objects");
    for (const folder of readdirSync(objects))
      paths.push(...readdirSync(join(objects, folder)).map((name) => join(objects, folder, name)));
  }
  return paths;
}

test("a PUT whose file is lost when it should follow a change of metadata leaves the object that was there", async () => {
  using faults = new FaultsFile();
  await using cluster = await TestCluster.start({ targets: 1, env: faults.env });
  await createBucket(cluster);
  const before = Buffer.alloc(FILE_BYTES, 1);
  expect((await put(cluster, "o", before)).status).toBe(200);
  const [first] = objectFiles(cluster);
  // What follows happens between the file of the PUT and its record.
  faults.set({ operation: "sync-directory", holds: true });
  const putting = put(cluster, "o", Buffer.alloc(FILE_BYTES, 2));
  const isWhole = (path: string): boolean => path !== first && !path.endsWith(".tmp");
  while (!objectFiles(cluster).some(isWhole)) await Bun.sleep(20);
  const change = { action: "", name: "", value: { later: "1" } };
  const patched = await fetch(`${cluster.url}/v1/objects/b/o`, {
    method: "PATCH",
    body: JSON.stringify(change),
  });
  expect(patched.status).toBe(200);
  for (const path of objectFiles(cluster).filter(isWhole)) rmSync(path);
  faults.clear();
  expect((await putting).status).toBe(500);
  const found = await get(cluster, "o", "?validate-checksum=true");
  expect([found.status, found.body.equals(before)]).toEqual([200, true]);
  const head = await fetch(`${cluster.url}/v1/objects/b/o`, { method: "HEAD" });
  expect(head.headers.get("ais-custom-md")).toBe("later=1");
}, 60_000);
