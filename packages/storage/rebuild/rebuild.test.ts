/** What a rebuild gets back, and what it says that it did not. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { fileIdOfName, objectFilePath } from "../files/object-path.ts";
import { IndexFile } from "../index-file/index-file.ts";
import { walkTree } from "../index-file/tree-walk.ts";
import { DATABASES, INDEX_DIRECTORY } from "../on-disk-format.ts";
import { type Contents, fillMountpath, findings, indexDataPath, overwritePage } from "../testing/damage.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  LIST_ALL,
  objectFiles,
  openTestStore,
  PUT,
  readObject,
  temporaryDirectory,
} from "../testing/store-fixture.ts";
import type { ObjectStore } from "../types.ts";
import { rebuildMountpath } from "./rebuild-mountpath.ts";

const { signal } = new AbortController();
const INLINE_LIMIT_BYTES = 16 * 1024;
/** At the end of the file of an object (on-disk-format.ts). */
const FILE_MARK = "AISTOBJ\n";

interface Filled extends AsyncDisposable {
  readonly directory: string;
  readonly mountpath: string;
  readonly index: string;
  readonly contents: Contents;
}

async function filled(count = 160): Promise<Filled> {
  const directory = temporaryDirectory();
  const mountpath = join(directory, "mp1");
  const contents = await fillMountpath(directory, count);
  return {
    directory,
    mountpath,
    index: indexDataPath(mountpath),
    contents,
    async [Symbol.asyncDispose]() {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function expectContents(
  directory: string,
  contents: Contents,
  without: ReadonlySet<string> = new Set(),
) {
  await using store = await openTestStore(directory);
  const { objects } = await store.list(1n, LIST_ALL, NOOP_SPAN);
  const expected = [...contents.keys()].filter((name) => !without.has(name)).toSorted();
  expect(objects.map(({ objectName }) => objectName)).toEqual(expected);
  for (const name of expected)
    expect((await readObject(store, name)).equals(contents.get(name) ?? Buffer.alloc(0))).toBe(true);
}

function inlineNames(contents: Contents): ReadonlySet<string> {
  return new Set(
    [...contents].flatMap(([name, body]) => (body.byteLength <= INLINE_LIMIT_BYTES ? [name] : [])),
  );
}

/** Pages of the tree of objects, and the page that lists the trees. */
function pagesOf(index: string) {
  using file = IndexFile.open(index);
  const tree = file.trees().get(DATABASES.objects);
  if (tree?.rootPage == null || file.meta.main.rootPage === null) throw new Error("the index is empty");
  const leaves: number[] = [];
  for (const step of walkTree(file, tree))
    if (step.kind === "page" && step.pageKind === "leaf") leaves.push(step.pageNumber);
  return { root: tree.rootPage, leaves, main: file.meta.main.rootPage, free: file.meta.free.rootPage };
}

test("without an index: every object file comes back, and it says that the rest is not known", async () => {
  await using at = await filled();
  rmSync(join(at.mountpath, INDEX_DIRECTORY), { recursive: true });
  await expect(openTestStore(at.directory)).rejects.toThrow("ais storage rebuild --mountpath");
  const report = await rebuildMountpath({ mountpath: at.mountpath, signal });
  const lost = inlineNames(at.contents);
  expect(report).toMatchObject({
    salvaged_records: 0,
    restored_files: at.contents.size - lost.size,
    superseded_files: 0,
    lost_records: null,
  });
  await expectContents(at.directory, at.contents, lost);
  expect(await findings(at.mountpath)).toEqual([]);
});

test("a whole index is taken over as it is", async () => {
  await using at = await filled(40);
  const report = await rebuildMountpath({ mountpath: at.mountpath, signal });
  expect(report).toMatchObject({ salvaged_records: at.contents.size, restored_files: 0, lost_records: 0 });
  await expectContents(at.directory, at.contents);
  expect(existsSync(join(report.aside, INDEX_DIRECTORY, "data.mdb"))).toBe(true);
  expect(readdirSync(at.mountpath)).not.toContain("index-rebuild");
});

test("a torn leaf loses its inline objects only, and they are counted", async () => {
  await using at = await filled();
  const { leaves } = pagesOf(at.index);
  overwritePage(at.index, leaves[1] ?? 0, 0xab);
  await expect(openTestStore(at.directory)).rejects.toMatchObject({ code: "internal" });
  const report = await rebuildMountpath({ mountpath: at.mountpath, signal });
  expect(report.lost_records).toBeGreaterThan(0);
  expect(report.restored_files).toBeGreaterThan(0);
  expect(report.salvaged_records + report.restored_files + (report.lost_records ?? 0)).toBe(at.contents.size);
  await using store = await openTestStore(at.directory);
  const { objects } = await store.list(1n, LIST_ALL, NOOP_SPAN);
  const found = new Set(objects.map(({ objectName }) => objectName));
  const missing = [...at.contents.keys()].filter((name) => !found.has(name));
  expect(missing).toHaveLength(report.lost_records ?? -1);
  for (const name of missing) expect(inlineNames(at.contents).has(name)).toBe(true);
  for (const name of found)
    expect((await readObject(store, name)).equals(at.contents.get(name) ?? Buffer.alloc(0))).toBe(true);
});

for (const what of ["root", "main"] as const) {
  test(`a torn ${what} page loses nothing: its leaves are found among the pages that nothing refers to`, async () => {
    await using at = await filled();
    overwritePage(at.index, pagesOf(at.index)[what], 0);
    const report = await rebuildMountpath({ mountpath: at.mountpath, signal });
    expect(report.salvaged_records).toBe(at.contents.size);
    expect(report.lost_records).toBe(what === "root" ? 0 : null);
    await expectContents(at.directory, at.contents);
    expect(await findings(at.mountpath)).toEqual([]);
  });
}

test("a cut index: what is before the cut is salvaged, the files come back", async () => {
  await using at = await filled();
  using file = IndexFile.open(at.index);
  truncateSync(at.index, Math.floor(file.sizeBytes / 8192) * 4096);
  await expect(openTestStore(at.directory)).rejects.toThrow("ais storage rebuild");
  await rebuildMountpath({ mountpath: at.mountpath, signal });
  await using store = await openTestStore(at.directory);
  for (const [name, body] of at.contents) {
    if (body.byteLength > INLINE_LIMIT_BYTES) expect((await readObject(store, name)).equals(body)).toBe(true);
  }
  const { objects } = await store.list(1n, LIST_ALL, NOOP_SPAN);
  for (const { objectName } of objects) expect(at.contents.has(objectName)).toBe(true);
});

test("replaced and deleted files that wait for their removal do not come back", async () => {
  const directory = temporaryDirectory();
  const mountpath = join(directory, "mp1");
  // Never disposed of: like a killed process it leaves its files, and the lock goes with the copy.
  await using store = await openTestStore(directory);
  await store.put(keyOf("replaced"), bodyOf(FILE_BYTES, 1), PUT, NOOP_SPAN);
  await store.put(keyOf("replaced"), bodyOf(FILE_BYTES, 2), PUT, NOOP_SPAN);
  await store.put(keyOf("shrunk"), bodyOf(FILE_BYTES, 3), PUT, NOOP_SPAN);
  await store.put(keyOf("shrunk"), bodyOf(INLINE_BYTES, 4), PUT, NOOP_SPAN);
  await store.put(keyOf("deleted"), bodyOf(FILE_BYTES, 5), PUT, NOOP_SPAN);
  await store.delete(keyOf("deleted"), "os", NOOP_SPAN);
  await marksCut(store, mountpath);
  expect(objectFiles(mountpath)).toHaveLength(5);
  const killed = temporaryDirectory();
  Bun.spawnSync(["cp", "-a", mountpath, killed]);
  rmSync(join(killed, "mp1", INDEX_DIRECTORY), { recursive: true });
  const report = await rebuildMountpath({ mountpath: join(killed, "mp1"), signal });
  expect(report).toMatchObject({ restored_files: 1, retired_files: 4 });
  await expectContents(killed, new Map([["replaced", bodyOf(FILE_BYTES, 2)]]));
  for (const path of [directory, killed]) rmSync(path, { recursive: true, force: true });
});

/** Marks are cut after a flush: of all files but the one that is in use. */
async function marksCut(store: ObjectStore, mountpath: string): Promise<void> {
  await store.put(keyOf("last"), bodyOf(FILE_BYTES, 9), PUT, NOOP_SPAN);
  await store.delete(keyOf("last"), "fsync", NOOP_SPAN);
  const isWhole = (name: string): boolean =>
    readFileSync(objectFilePath(mountpath, fileIdOfName(name) ?? 0n))
      .toString("latin1")
      .endsWith(FILE_MARK);
  while (objectFiles(mountpath).filter(isWhole).length > 1) await Bun.sleep(10);
}

test("two files of one object without any mark: the newer one is the object", async () => {
  const directory = temporaryDirectory();
  const mountpath = join(directory, "mp1");
  {
    await using store = await openTestStore(directory);
    await store.put(keyOf("a"), bodyOf(FILE_BYTES, 1), PUT, NOOP_SPAN);
    Bun.spawnSync(["cp", "-a", join(mountpath, "objects"), join(directory, "before")]);
    await store.put(keyOf("a"), bodyOf(FILE_BYTES, 2), PUT, NOOP_SPAN);
  }
  Bun.spawnSync(["cp", "-a", `${join(directory, "before")}/.`, join(mountpath, "objects")]);
  rmSync(join(mountpath, INDEX_DIRECTORY), { recursive: true });
  const report = await rebuildMountpath({ mountpath, signal });
  expect(report).toMatchObject({ restored_files: 1, superseded_files: 1 });
  await expectContents(directory, new Map([["a", bodyOf(FILE_BYTES, 2)]]));
  rmSync(directory, { recursive: true, force: true });
});

test("a salvaged inline object with wrong content is kept, and reads of it fail", async () => {
  await using at = await filled(40);
  using file = IndexFile.open(at.index);
  const tree = file.trees().get(DATABASES.objects);
  if (tree === undefined) throw new Error("no objects");
  for (const step of walkTree(file, tree)) {
    if (step.kind !== "entry" || step.value.kind !== "pages" || step.value.sizeBytes < 5000) continue;
    overwritePage(at.index, step.value.firstPage + 1, 0x11);
    const name = step.key.subarray(8).toString();
    const report = await rebuildMountpath({ mountpath: at.mountpath, signal });
    expect(report).toMatchObject({ damaged_inline_objects: 1, lost_records: 0 });
    await using store = await openTestStore(at.directory);
    await expect(readObject(store, name)).rejects.toThrow("is corrupt");
    await store.put(keyOf(name), bodyOf(100), PUT, NOOP_SPAN);
    expect(await readObject(store, name)).toEqual(bodyOf(100));
    return;
  }
  throw new Error("no inline object had pages of its own");
});

test("files without a readable end are kept aside, and ids are never given twice", async () => {
  await using at = await filled(40);
  const [first = ""] = objectFiles(at.mountpath);
  const path = join(at.mountpath, "objects", first.slice(-2), first);
  truncateSync(path, 100);
  rmSync(join(at.mountpath, INDEX_DIRECTORY), { recursive: true });
  const report = await rebuildMountpath({ mountpath: at.mountpath, signal });
  expect(report.unreadable_files).toBe(1);
  expect(readdirSync(join(report.aside, "objects"))).toContain(first);
  const before = new Set(objectFiles(at.mountpath));
  await using store = await openTestStore(at.directory);
  await store.put(keyOf("new"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  const added = objectFiles(at.mountpath).filter((name) => !before.has(name));
  expect(added).toHaveLength(1);
  expect((added[0] ?? "") > ([...before].toSorted().at(-1) ?? "")).toBe(true);
});

test("refuses what is no mountpath, and one that a store has open", async () => {
  const directory = temporaryDirectory();
  await expect(rebuildMountpath({ mountpath: directory, signal })).rejects.toMatchObject({
    code: "notFound",
  });
  await using _store = await openTestStore(directory);
  const rebuilding = rebuildMountpath({ mountpath: join(directory, "mp1"), signal });
  await expect(rebuilding).rejects.toMatchObject({ code: "conflict" });
  unlinkSync(join(directory, "mp1/lock"));
  rmSync(directory, { recursive: true, force: true });
});
