/** Readers of an object that is replaced or deleted meanwhile, and objects whose mountpaths change. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { NO_FILE_FAULTS } from "@ais/base/durable-write.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import {
  bodyOf,
  contentOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  LIST_ALL,
  objectFiles,
  openTestStore,
  PUT,
  READ,
  readObject,
  temporaryStore,
} from "../testing/store-fixture.ts";
import type { ObjectReader, ObjectStore } from "../types.ts";

function fileOf(reader: ObjectReader): string {
  if (reader.content.kind !== "file") throw new Error("expected an object file");
  return reader.content.path;
}

async function filesRemoved(store: ObjectStore, count: number): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (store.stats.filesRemoved < count) {
    if (performance.now() > deadlineMs)
      throw new Error(`removed ${store.stats.filesRemoved}, expected ${count}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a reader keeps the old content until it releases it, once", async () => {
  await using opened = await temporaryStore({ limits: { removalGraceMs: 0 } });
  const { store } = opened;
  await store.put(keyOf("a"), bodyOf(FILE_BYTES, 1), PUT, NOOP_SPAN);
  const first = await store.get(keyOf("a"), READ, NOOP_SPAN);
  const second = await store.get(keyOf("a"), READ, NOOP_SPAN);
  await store.put(keyOf("a"), bodyOf(FILE_BYTES, 2), PUT, NOOP_SPAN);
  const third = await store.get(keyOf("a"), READ, NOOP_SPAN);
  await store.delete(keyOf("a"), "os", NOOP_SPAN);
  first.release();
  first.release();
  expect(await contentOf(second)).toEqual(bodyOf(FILE_BYTES, 1));
  await filesRemoved(store, 1);
  expect(existsSync(fileOf(first))).toBe(false);
  expect(store.stats).toMatchObject({ readers: 1, deferredFiles: 1 });
  expect(await contentOf(third)).toEqual(bodyOf(FILE_BYTES, 2));
  await filesRemoved(store, 2);
  expect(objectFiles(join(opened.directory, "mp1"))).toEqual([]);
  expect(store.stats).toMatchObject({ readers: 0, deferredFiles: 0 });
});

test("the grace period keeps a file for those who have only its path", async () => {
  let nowMs = 1_000;
  const clock = { nowMs: () => nowMs, nowNs: () => BigInt(nowMs) * 1_000_000n, monotonicMs: () => nowMs };
  await using opened = await temporaryStore({ clock, limits: { removalGraceMs: 60_000 } });
  const { store } = opened;
  await store.put(keyOf("a"), bodyOf(FILE_BYTES, 1), PUT, NOOP_SPAN);
  const reader = await store.get(keyOf("a"), READ, NOOP_SPAN);
  reader.release();
  await store.put(keyOf("a"), bodyOf(INLINE_BYTES, 2), PUT, NOOP_SPAN);
  nowMs += 59_000;
  await store.put(keyOf("b"), bodyOf(FILE_BYTES, 1), PUT, NOOP_SPAN);
  expect(existsSync(fileOf(reader))).toBe(true);
  expect(store.stats.deferredFiles).toBe(1);
});

test("objects of a store that gets another mountpath are found, replaced and deleted where they are", async () => {
  await using opened = await temporaryStore();
  const names = Array.from({ length: 40 }, (_, n) => `o${n}`);
  const put = (store: ObjectStore, name: string, seed: number) =>
    store.put(
      keyOf(name),
      bodyOf(Number(name.slice(1)) % 2 ? FILE_BYTES : INLINE_BYTES, seed),
      PUT,
      NOOP_SPAN,
    );
  for (const name of names) await put(opened.store, name, 1);
  await opened.store[Symbol.asyncDispose]();

  const mountpaths = ["mp1", "mp2"].map((name) => join(opened.directory, name));
  await using grown = await openTestStore(opened.directory, { mountpaths });
  const homes = new Set<string>();
  for (const name of names.slice(0, 30)) {
    const attributes = await put(grown, name, 2);
    homes.add(attributes.mountpath);
    expect(attributes.version).toBe("2");
  }
  expect(homes.size).toBe(2);
  for (const name of names) {
    const seed = names.indexOf(name) < 30 ? 2 : 1;
    const sizeBytes = Number(name.slice(1)) % 2 ? FILE_BYTES : INLINE_BYTES;
    expect(await readObject(grown, name)).toEqual(bodyOf(sizeBytes, seed));
  }
  expect((await grown.list(1n, LIST_ALL, NOOP_SPAN)).objects).toHaveLength(40);
  for (const name of names) expect(await grown.delete(keyOf(name), "os", NOOP_SPAN)).toBe(true);
  for (const name of names) expect(await grown.head(keyOf(name), NOOP_SPAN)).toBeNull();
  expect((await grown.list(1n, LIST_ALL, NOOP_SPAN)).objects).toEqual([]);
});

test("an older copy at another mountpath that cannot be removed does not undo what has replaced it", async () => {
  await using opened = await temporaryStore();
  // Some of them belong to the other mountpath, whatever its path.
  const names = Array.from({ length: 32 }, (_, n) => `o${n}`);
  for (const name of names) await opened.store.put(keyOf(name), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  await opened.store[Symbol.asyncDispose]();

  let commits = 2;
  let failedCount = 0;
  const beforeCommit = (): void => {
    if (++commits !== 2) return;
    failedCount++;
    throw Object.assign(new Error("EIO: commit"), { code: "EIO" });
  };
  const mountpaths = ["mp1", "mp2"].map((name) => join(opened.directory, name));
  const faults = { files: NO_FILE_FAULTS, beforeCommit };
  await using grown = await openTestStore(opened.directory, { mountpaths, faults });
  for (const name of names) {
    commits = 0;
    await grown.put(keyOf(name), bodyOf(INLINE_BYTES, 2), PUT, NOOP_SPAN);
    commits = 2;
    expect(await readObject(grown, name)).toEqual(bodyOf(INLINE_BYTES, 2));
  }
  expect(failedCount).toBeGreaterThan(0);
  const { objects } = await grown.list(1n, LIST_ALL, NOOP_SPAN);
  expect(objects.map(({ attributes }) => attributes.version)).toEqual(names.map(() => "2"));
  for (const name of names) expect(await grown.delete(keyOf(name), "os", NOOP_SPAN)).toBe(true);
  for (const name of names) expect(await grown.head(keyOf(name), NOOP_SPAN)).toBeNull();
});
