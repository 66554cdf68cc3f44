/** Flushes: shared by those who wait, awaited by what cannot be taken back, and never trusted again once one has failed. */
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { NO_STORAGE_FAULTS } from "../faults.ts";
import { fileIdOfName, objectFilePath } from "../files/object-path.ts";
import { readFlushPoint } from "../index-file/flush-point.ts";
import { INDEX_DATA_FILE } from "../on-disk-format.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  objectFiles,
  openTestStore,
  PUT,
  readObject,
  temporaryStore,
} from "../testing/store-fixture.ts";

const FSYNC = { ...PUT, durability: "fsync" } as const;

/** Counts flushes of data files. */
function countingFaults() {
  const counts = { syncs: 0 };
  const beforeSync = (path: string): void => {
    if (path.endsWith("data.mdb")) counts.syncs += 1;
  };
  return { counts, faults: { ...NO_STORAGE_FAULTS, beforeSync } };
}

test("writers who wait for a flush share it, others cause none", async () => {
  const { counts, faults } = countingFaults();
  await using opened = await temporaryStore({ faults });
  const { store } = opened;
  const before = counts.syncs;
  const delayed = Array.from({ length: 20 }, (_, n) => `os-${n}`);
  await Promise.all(delayed.map((name) => store.put(keyOf(name), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN)));
  expect(counts.syncs).toBe(before);
  const names = Array.from({ length: 100 }, (_, n) => `fsync-${n}`);
  await Promise.all(names.map((name) => store.put(keyOf(name), bodyOf(INLINE_BYTES), FSYNC, NOOP_SPAN)));
  expect(counts.syncs - before).toBeGreaterThan(0);
  expect(counts.syncs - before).toBeLessThan(5);
});

test("an operation under fsync is not acknowledged before its flush has ended", async () => {
  const gate = Promise.withResolvers<void>();
  let isHeld = false;
  const beforeSync = (): Promise<void> | undefined => (isHeld ? gate.promise : undefined);
  await using opened = await temporaryStore({ faults: { ...NO_STORAGE_FAULTS, beforeSync } });
  const { store } = opened;
  isHeld = true;
  let isDone = false;
  const putting = store.put(keyOf("a"), bodyOf(INLINE_BYTES), FSYNC, NOOP_SPAN).then(() => {
    isDone = true;
  });
  await store.put(keyOf("b"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  await Bun.sleep(30);
  expect(isDone).toBe(false);
  gate.resolve();
  await putting;
});

test("those who wait for a flush hold up nobody else", async () => {
  let gate: Promise<void> | undefined;
  const beforeSync = (): Promise<void> | undefined => gate;
  await using opened = await temporaryStore({ faults: { ...NO_STORAGE_FAULTS, beforeSync } });
  const { store } = opened;
  const { promise, resolve: open } = Promise.withResolvers<void>();
  gate = promise;
  const first = store.put(keyOf("a"), bodyOf(INLINE_BYTES), FSYNC, NOOP_SPAN);
  await Bun.sleep(30);
  const second = store.put(keyOf("b"), bodyOf(INLINE_BYTES, 2), FSYNC, NOOP_SPAN);
  await Bun.sleep(30);
  // It would not help to commit the second before the flush of the first has ended.
  expect(await store.head(keyOf("b"), NOOP_SPAN)).toBeNull();
  await store.put(keyOf("c"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  expect(await store.head(keyOf("b"), NOOP_SPAN)).not.toBeNull();
  gate = undefined;
  open();
  await Promise.all([first, second]);
});

test("what nobody waits for is flushed a moment later", async () => {
  const { counts, faults } = countingFaults();
  await using opened = await temporaryStore({ faults });
  const before = counts.syncs;
  await opened.store.put(keyOf("a"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  await Bun.sleep(1_000);
  expect(counts.syncs).toBe(before + 1);
});

test("a replaced file stays as it is until the index is flushed", async () => {
  await using opened = await temporaryStore();
  const { store, directory } = opened;
  const mountpath = join(directory, "mp1");
  await store.put(keyOf("a"), bodyOf(FILE_BYTES, 1), FSYNC, NOOP_SPAN);
  const [name = ""] = objectFiles(mountpath);
  const path = objectFilePath(mountpath, fileIdOfName(name) ?? 0n);
  const wholeBytes = statSync(path).size;
  await store.put(keyOf("a"), bodyOf(INLINE_BYTES, 2), PUT, NOOP_SPAN);
  await Bun.sleep(50);
  expect(statSync(path).size).toBe(wholeBytes);
  await store.put(keyOf("b"), bodyOf(INLINE_BYTES), FSYNC, NOOP_SPAN);
  // Its mark is cut a moment later.
  for (let waited = 0; waited < 1_000 && statSync(path).size === wholeBytes; waited++) await Bun.sleep(10);
  expect(statSync(path).size).toBeLessThan(wholeBytes);
});

test("who waits while a flush fails is not acknowledged by another one", async () => {
  const { promise: failing, reject: fail } = Promise.withResolvers<void>();
  failing.catch(() => {});
  let gate: Promise<void> | undefined;
  const beforeSync = (): Promise<void> | undefined => gate;
  await using opened = await temporaryStore({ faults: { ...NO_STORAGE_FAULTS, beforeSync } });
  const { store } = opened;
  gate = failing;
  const first = store.put(keyOf("a"), bodyOf(INLINE_BYTES), FSYNC, NOOP_SPAN);
  await Bun.sleep(30);
  const second = store.put(keyOf("b"), bodyOf(INLINE_BYTES), FSYNC, NOOP_SPAN);
  // It does not wait, and the second goes with it.
  await store.put(keyOf("c"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  gate = undefined;
  fail(Object.assign(new Error("EIO: sync"), { code: "EIO" }));
  const outcomes = await Promise.allSettled([first, second]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("what is committed while a flush takes long is flushed after it", async () => {
  const { counts, faults } = countingFaults();
  const { promise: held, resolve: open } = Promise.withResolvers<void>();
  let gate: Promise<void> | undefined;
  const beforeSync = async (path: string): Promise<void> => {
    faults.beforeSync(path);
    await gate;
  };
  await using opened = await temporaryStore({ faults: { ...faults, beforeSync } });
  const { store } = opened;
  const before = counts.syncs;
  gate = held;
  const first = store.put(keyOf("a"), bodyOf(INLINE_BYTES), FSYNC, NOOP_SPAN);
  await Bun.sleep(30);
  await store.put(keyOf("b"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  await Bun.sleep(700);
  gate = undefined;
  open();
  await first;
  await Bun.sleep(1_000);
  expect(counts.syncs).toBe(before + 2);
});

test("after a flush that failed nothing is acknowledged any more, until the next start", async () => {
  let isBroken = false;
  const beforeSync = (): void => {
    if (isBroken) throw Object.assign(new Error("EIO: sync"), { code: "EIO" });
  };
  await using opened = await temporaryStore({ faults: { ...NO_STORAGE_FAULTS, beforeSync } });
  const { store, directory } = opened;
  await store.put(keyOf("a"), bodyOf(INLINE_BYTES, 1), FSYNC, NOOP_SPAN);
  isBroken = true;
  const putting = store.put(keyOf("a"), bodyOf(INLINE_BYTES, 2), FSYNC, NOOP_SPAN);
  await expect(putting).rejects.toMatchObject({ code: "internal" });
  // The kernel would take the next flush for a success, without what the failed one lost.
  isBroken = false;
  for (const options of [PUT, FSYNC]) {
    const next = store.put(keyOf("b"), bodyOf(INLINE_BYTES), options, NOOP_SPAN);
    await expect(next).rejects.toMatchObject({ code: "internal" });
  }
  expect(store.stats.indexFlushFailures).toBe(1);
  const dataPath = join(directory, "mp1", "index", INDEX_DATA_FILE);
  const pointBefore = readFlushPoint(dataPath)?.meta.transaction;
  await store[Symbol.asyncDispose]();
  expect(readFlushPoint(dataPath)?.meta.transaction).toBe(must(pointBefore, "a flush point"));
  await using again = await openTestStore(directory);
  // What the failed flush was to bring to the disk may be in the page cache only.
  expect(await readObject(again, "a")).toEqual(bodyOf(INLINE_BYTES, 1));
  await again.put(keyOf("b"), bodyOf(INLINE_BYTES, 3), FSYNC, NOOP_SPAN);
  expect(await readObject(again, "b")).toEqual(bodyOf(INLINE_BYTES, 3));
});
