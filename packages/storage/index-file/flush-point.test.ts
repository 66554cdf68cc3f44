/** What an opening goes back to after power loss, and that it does so only then. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { DATABASES } from "../on-disk-format.ts";
import { indexDataPath } from "../testing/damage.ts";
import { bodyOf, keyOf, openTestStore, PUT, temporaryDirectory } from "../testing/store-fixture.ts";
import { readFlushPoint } from "./flush-point.ts";
import { currentBootId, IndexFile } from "./index-file.ts";
import { inspectIndexFile } from "./index-health.ts";
import { settleIndex } from "./settle-index.ts";

const FLUSHED_COUNT = 20;
const UNFLUSHED_COUNT = 30;
const BOOT_ID = currentBootId();
const OTHER_BOOT_ID = BOOT_ID ^ 0x55n;
const directory = temporaryDirectory();
/** Of a store that was killed: the last objects are in the page cache only. */
const killed = join(directory, "killed");
let copies = 0;

beforeAll(async () => {
  await using store = await openTestStore(directory);
  const put = (name: string, durability: "fsync" | "os") =>
    store.put(keyOf(name), bodyOf(5_000), { ...PUT, durability }, NOOP_SPAN);
  for (let n = 0; n < FLUSHED_COUNT; n++) await put(`flushed-${n}`, "fsync");
  await Promise.all(Array.from({ length: UNFLUSHED_COUNT }, (_, n) => put(`unflushed-${n}`, "os")));
  cpSync(dirname(indexDataPath(join(directory, "mp1"))), killed, { recursive: true });
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The data file of a copy of the killed store's index. */
function copyOf(): string {
  const copy = join(directory, `copy-${copies++}`);
  cpSync(killed, copy, { recursive: true });
  return join(copy, "data.mdb");
}

function objectCount(dataPath: string, bootId: bigint): number | undefined {
  using file = IndexFile.open(dataPath, { bootId });
  return file.trees().get(DATABASES.objects)?.entries;
}

test("after the end of a process everything is there, and flushed from then on", () => {
  const dataPath = copyOf();
  expect(objectCount(dataPath, BOOT_ID)).toBe(FLUSHED_COUNT + UNFLUSHED_COUNT);
  settleIndex(dataPath, 0, BOOT_ID);
  expect(objectCount(dataPath, OTHER_BOOT_ID)).toBe(FLUSHED_COUNT + UNFLUSHED_COUNT);
});

test("after a new start of the machine the index is what was flushed, whoever reads it", () => {
  const dataPath = copyOf();
  expect(objectCount(dataPath, OTHER_BOOT_ID)).toBe(FLUSHED_COUNT);
  settleIndex(dataPath, 0, OTHER_BOOT_ID);
  // LMDB knows nothing of flush points, so the file itself must say so.
  rmSync(join(dirname(dataPath), "flushed-0"));
  expect(objectCount(dataPath, BOOT_ID)).toBe(FLUSHED_COUNT);
  expect(inspectIndexFile(dataPath, 1_000_000)).toEqual({ problem: null, isComplete: true });
});

test("a machine without a boot id goes back too", () => {
  expect(objectCount(copyOf(), 0n)).toBe(FLUSHED_COUNT);
});

test("a point that was being written when the power went leaves the one before it", () => {
  const dataPath = copyOf();
  const path = join(dirname(dataPath), "flushed-0");
  const bytes = readFileSync(path);
  const newest = readFlushPoint(dataPath)?.meta.transaction ?? 0n;
  for (const slot of [0, 512]) {
    const torn = Buffer.from(bytes);
    torn[slot + 100] = (torn[slot + 100] ?? 0) ^ 1;
    writeFileSync(path, torn);
    const left = readFlushPoint(dataPath)?.meta.transaction ?? 0n;
    expect([newest, newest - 1n]).toContain(left);
  }
  writeFileSync(path, Buffer.alloc(1024));
  expect(readFlushPoint(dataPath)).toBeNull();
});

test("points of several processes: the newest counts", () => {
  const dataPath = copyOf();
  const old = join(dirname(dataPath), "flushed-3");
  copyFileSync(join(dirname(dataPath), "flushed-0"), old);
  settleIndex(dataPath, 0, BOOT_ID);
  expect(objectCount(dataPath, OTHER_BOOT_ID)).toBe(FLUSHED_COUNT + UNFLUSHED_COUNT);
});

test("a data file from before its flush points was put there, and is read as it is", () => {
  const dataPath = copyOf();
  const older = join(directory, "older");
  mkdirSync(older);
  copyFileSync(dataPath, join(older, "data.mdb"));
  copyFileSync(join(dirname(dataPath), "flushed-0"), join(older, "flushed-0"));
  settleIndex(dataPath, 0, BOOT_ID);
  copyFileSync(join(dirname(dataPath), "flushed-0"), join(older, "flushed-0"));
  // Its meta pages are rolled back to the older point, as in a copy from then.
  const past = copyOf();
  settleIndex(past, 0, OTHER_BOOT_ID);
  copyFileSync(past, join(older, "data.mdb"));
  expect(objectCount(join(older, "data.mdb"), OTHER_BOOT_ID)).toBe(FLUSHED_COUNT);
});
