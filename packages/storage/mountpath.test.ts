import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NO_FILE_FAULTS } from "@ais/base/durable-write.ts";
import { claimMountpath, replaceMountpath } from "./mountpath.ts";
import { MARKER_FILE } from "./on-disk-format.ts";
import { openTestStore, temporaryDirectory } from "./testing/store-fixture.ts";

const OWNER = { clusterUuid: "cluster-1", nodeId: "node-1" };
let directory: string;
let path: string;

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory, "mp1");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function claimOnce(owner = OWNER): Promise<string> {
  const claimed = await claimMountpath(path, owner, NO_FILE_FAULTS);
  claimed.lock[Symbol.dispose]();
  return claimed.id;
}

test("keeps its id from one opening to the next", async () => {
  const id = await claimOnce();
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(await claimOnce()).toBe(id);
});

test("refuses another cluster's data and names both clusters", async () => {
  await claimOnce();
  const opening = claimOnce({ ...OWNER, clusterUuid: "cluster-2" });
  await expect(opening).rejects.toMatchObject({
    code: "conflict",
    message: `mountpath "${path}" holds data of cluster "cluster-1", this node belongs to cluster "cluster-2"`,
  });
});

test("refuses another node's mountpath", async () => {
  await claimOnce();
  await expect(claimOnce({ ...OWNER, nodeId: "node-2" })).rejects.toThrow(
    'holds data of node "node-1", this node is "node-2"',
  );
});

test("refuses what a newer program wrote", async () => {
  await claimOnce();
  const marker = JSON.parse(readFileSync(join(path, MARKER_FILE), "utf8"));
  writeFileSync(join(path, MARKER_FILE), JSON.stringify({ ...marker, formatVersion: 3 }));
  await expect(claimOnce()).rejects.toMatchObject({ code: "unsupported" });
});

test("refuses a damaged marker, and an index without one", async () => {
  await claimOnce();
  writeFileSync(join(path, MARKER_FILE), "{");
  await expect(claimOnce()).rejects.toThrow("is damaged");
  rmSync(join(path, MARKER_FILE));
  mkdirSync(join(path, "index"));
  await expect(claimOnce()).rejects.toThrow("has an index but no mountpath.json");
});

test("refuses a path that cannot be written", async () => {
  writeFileSync(path, "a file");
  await expect(claimOnce()).rejects.toMatchObject({ code: "internal" });
  rmSync(path);
  mkdirSync(path);
  chmodSync(path, 0o500);
  // Root may write anywhere, so only others can see this one.
  if (process.getuid?.() !== 0) await expect(claimOnce()).rejects.toMatchObject({ code: "forbidden" });
});

test("an empty directory is not taken for a disk that was in service beside another one", async () => {
  const mountpaths = ["mp0", "mp1"].map((name) => join(directory, name));
  const first = await openTestStore(directory, { mountpaths });
  await first[Symbol.asyncDispose]();
  rmSync(path, { recursive: true });
  mkdirSync(path);
  await expect(openTestStore(directory, { mountpaths })).rejects.toThrow(
    `"${path}": it is empty, but was in service beside "${mountpaths[0]}". Is its disk mounted?`,
  );
  // Without it, and with a new one under another name, the target starts.
  const alone = await openTestStore(directory, { mountpaths: mountpaths.slice(0, 1) });
  await alone[Symbol.asyncDispose]();
  const grown = await openTestStore(directory, { mountpaths });
  await grown[Symbol.asyncDispose]();
});

test("a lost mountpath can be replaced, by an empty directory only", async () => {
  const mountpaths = ["mp0", "mp1"].map((name) => join(directory, name));
  const first = await openTestStore(directory, { mountpaths });
  await first[Symbol.asyncDispose]();
  const beside = mountpaths[0] ?? "";
  await expect(replaceMountpath(path, beside)).rejects.toMatchObject({ code: "conflict" });
  await expect(replaceMountpath(path, directory)).rejects.toMatchObject({ code: "notFound" });
  rmSync(path, { recursive: true });
  await replaceMountpath(path, beside);
  const again = await openTestStore(directory, { mountpaths });
  await again[Symbol.asyncDispose]();
});

test("two stores cannot have one mountpath, and a failed opening lets go of the others", async () => {
  const other = join(directory, "mp0");
  const first = await openTestStore(directory);
  await expect(openTestStore(directory, { mountpaths: [other, path] })).rejects.toMatchObject({
    code: "conflict",
    message: `cannot lock "${join(path, "lock")}": it is held by another daemon, process ${process.pid}`,
  });
  await first[Symbol.asyncDispose]();
  const second = await openTestStore(directory, { mountpaths: [other, path] });
  await second[Symbol.asyncDispose]();
});
