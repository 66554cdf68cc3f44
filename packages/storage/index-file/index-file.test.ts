/** The reader of index files sees what LMDB sees, and notices what LMDB would stumble over. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { DATABASES } from "../on-disk-format.ts";
import { type Contents, fillMountpath, flipBit, indexDataPath, overwritePage } from "../testing/damage.ts";
import { temporaryDirectory } from "../testing/store-fixture.ts";
import { IndexFile } from "./index-file.ts";
import { inspectIndexFile } from "./index-health.ts";
import { lostEntries, PageSet } from "./lost-pages.ts";
import type { Tree } from "./page-format.ts";
import { walkTree } from "./tree-walk.ts";

const directory = temporaryDirectory();
const path = indexDataPath(join(directory, "mp1"));
const copy = join(directory, "copy.mdb");
let contents: Contents;

beforeAll(async () => {
  contents = await fillMountpath(directory, 400);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function objectsTree(file: IndexFile): Tree {
  const tree = file.trees().get(DATABASES.objects);
  if (tree === undefined) throw new Error("no tree of objects");
  return tree;
}

function reachedPages(file: IndexFile): { pages: PageSet; branches: number[]; leaves: number[] } {
  const pages = new PageSet(file.meta.lastPage);
  const branches: number[] = [];
  const leaves: number[] = [];
  for (const tree of [file.meta.main, ...file.trees().values()]) {
    for (const step of walkTree(file, tree)) {
      if (step.kind === "page") pages.add(step.pageNumber);
      if (step.kind === "page") (step.pageKind === "branch" ? branches : leaves).push(step.pageNumber);
      if (step.kind === "entry") pages.addValue(step.value, file.meta.pageBytes);
    }
  }
  return { pages, branches, leaves };
}

test("every entry is read, in order, with its value", () => {
  using file = IndexFile.open(path);
  const names: string[] = [];
  for (const step of walkTree(file, objectsTree(file))) {
    if (step.kind === "entry") {
      names.push(step.key.subarray(8).toString());
      expect(file.find(objectsTree(file), step.key)).toEqual(file.readValue(step.value));
    }
    expect(step.kind).not.toBe("damage");
  }
  expect(names).toEqual([...contents.keys()].toSorted());
  expect(objectsTree(file).entries).toBe(contents.size);
  expect(file.find(objectsTree(file), Buffer.from("00000000missing"))).toBe("absent");
});

test("every page is reached or free, so that lost ones can be told", () => {
  using file = IndexFile.open(path);
  const { pages, branches } = reachedPages(file);
  expect(branches.length).toBeGreaterThan(0);
  expect([...lostEntries(file, pages, [{ low: null, high: null }])]).toEqual([]);
  for (let page = 2; page <= file.meta.lastPage; page++)
    expect([page, pages.has(page)]).toEqual([page, true]);
});

test("a page of any tree that is overwritten, zeroed or swapped is noticed", () => {
  using file = IndexFile.open(path);
  const { branches, leaves } = reachedPages(file);
  expect(inspectIndexFile(path, 1_000_000)).toEqual({ problem: null, isComplete: true });
  for (const page of [...branches, ...leaves]) {
    for (const fill of [0, 0xff, 0x42]) {
      copyFileSync(path, copy);
      overwritePage(copy, page, fill);
      expect([page, inspectIndexFile(copy, 1_000_000).problem]).not.toEqual([page, null]);
    }
  }
});

test("a file that is cut anywhere is noticed", () => {
  using file = IndexFile.open(path);
  for (const keptBytes of [0, 100, 4096, 8192, 12_000, file.sizeBytes / 2, file.sizeBytes - 4096]) {
    copyFileSync(path, copy);
    truncateSync(copy, keptBytes);
    const { problem } = inspectIndexFile(copy, 1_000_000);
    // The last pages may be free ones.
    if (keptBytes < file.sizeBytes - 4096) expect([keptBytes, problem]).not.toEqual([keptBytes, null]);
  }
});

test("a damaged meta page is noticed, and the other one still shows the records", () => {
  copyFileSync(path, copy);
  overwritePage(copy, 1, 0x42);
  expect(inspectIndexFile(copy, 1_000_000).problem).toContain("meta");
  using file = IndexFile.open(copy);
  expect(file.isNewestState).toBe(false);
  let entries = 0;
  for (const step of walkTree(file, objectsTree(file))) if (step.kind === "entry") entries += 1;
  expect(Math.abs(entries - contents.size)).toBeLessThanOrEqual(1);
});

test("no bit of the pages in use may turn over and end the reader", () => {
  using file = IndexFile.open(path);
  const { branches, leaves } = reachedPages(file);
  const pages = [0, 1, ...branches, ...leaves.slice(0, 4)];
  for (const page of pages) {
    for (let at = 0; at < 256; at += 3) {
      copyFileSync(path, copy);
      flipBit(copy, page * 4096 + at, at % 8);
      inspectIndexFile(copy, 1_000_000);
    }
  }
});

test("a large index is looked at up to the limit", () => {
  expect(inspectIndexFile(path, 2)).toEqual({ problem: null, isComplete: false });
});
