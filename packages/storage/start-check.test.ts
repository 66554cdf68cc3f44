/** A lost or torn index stops the start with the command that helps; a fresh one is never put in its place. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { INDEX_DIRECTORY, MARKER_FILE } from "./on-disk-format.ts";
import { indexDataPath, overwritePage } from "./testing/damage.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  objectFiles,
  openTestStore,
  PUT,
  temporaryDirectory,
} from "./testing/store-fixture.ts";

let directory: string;
let mountpath: string;

beforeEach(async () => {
  directory = temporaryDirectory();
  mountpath = join(directory, "mp1");
  await using store = await openTestStore(directory);
  await store.put(keyOf("inline"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  await store.put(keyOf("file"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function expectRefusal(why: string): Promise<void> {
  const files = objectFiles(mountpath);
  await expect(openTestStore(directory)).rejects.toMatchObject({
    code: "internal",
    message: expect.stringMatching(
      new RegExp(`^cannot use mountpath ".+mp1": .*${why}.*ais storage rebuild --mountpath ".+mp1"$`),
    ),
  });
  expect(objectFiles(mountpath)).toEqual(files);
}

test("a missing index", async () => {
  rmSync(join(mountpath, INDEX_DIRECTORY), { recursive: true });
  await expectRefusal("object index is missing");
  expect(existsSync(join(mountpath, INDEX_DIRECTORY))).toBe(false);
});

test("a missing index of a mountpath that only had inline objects", async () => {
  await using other = await openTestStore(directory);
  await other.delete(keyOf("file"), "os", NOOP_SPAN);
  await other[Symbol.asyncDispose]();
  expect(objectFiles(mountpath)).toEqual([]);
  rmSync(indexDataPath(mountpath));
  await expectRefusal("object index is missing");
});

test("a missing index beside object files of a release that did not note it", async () => {
  const marker = JSON.parse(readFileSync(join(mountpath, MARKER_FILE), "utf8"));
  writeFileSync(join(mountpath, MARKER_FILE), JSON.stringify({ ...marker, hasIndex: undefined }));
  rmSync(join(mountpath, INDEX_DIRECTORY), { recursive: true });
  await expectRefusal("has object files but no object index");
});

test("an empty, a cut and an overwritten index", async () => {
  const path = indexDataPath(mountpath);
  cpSync(path, join(directory, "good.mdb"));
  for (const damage of [
    () => truncateSync(path, 0),
    () => truncateSync(path, 5_000),
    () => truncateSync(path, 16_384),
    () => overwritePage(path, 0, 0xff),
    () => overwritePage(path, 1, 0),
  ]) {
    damage();
    await expectRefusal("index is (missing|damaged)");
    cpSync(join(directory, "good.mdb"), path);
  }
  await using store = await openTestStore(directory);
  expect(await store.head(keyOf("file"), NOOP_SPAN)).not.toBeNull();
});

test("an index of before its object files", async () => {
  cpSync(join(mountpath, INDEX_DIRECTORY), join(directory, "old"), { recursive: true });
  {
    await using store = await openTestStore(directory);
    await store.put(keyOf("newer"), bodyOf(FILE_BYTES, 2), PUT, NOOP_SPAN);
  }
  rmSync(join(mountpath, INDEX_DIRECTORY), { recursive: true });
  cpSync(join(directory, "old"), join(mountpath, INDEX_DIRECTORY), { recursive: true });
  await expectRefusal("index is older than its object files");
});
