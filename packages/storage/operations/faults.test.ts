/** A disk that fails or is full at any step of a PUT: the old object stays, nothing of the new one does. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { FileOperation } from "@ais/base/durable-write.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
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
import type { ObjectStore } from "../types.ts";

type Step = FileOperation | "commit";

let opened: Awaited<ReturnType<typeof temporaryStore>>;
let store: ObjectStore;
let failing: { readonly step: Step; readonly code: string } | null = null;

function failAt(step: Step): void {
  if (failing?.step !== step) return;
  throw Object.assign(new Error(`${failing.code}: ${step}`), { code: failing.code });
}

beforeAll(async () => {
  opened = await temporaryStore({
    faults: { files: { before: (operation) => failAt(operation) }, beforeCommit: () => failAt("commit") },
    limits: { removalGraceMs: 0 },
  });
  store = opened.store;
});

afterAll(() => opened[Symbol.asyncDispose]());

const STEPS: readonly Step[] = ["open", "write", "sync", "rename", "sync-directory", "commit"];

for (const [code, expected] of [
  ["ENOSPC", "outOfSpace"],
  ["EIO", "internal"],
] as const) {
  test.each(STEPS)(`${code} at %s is ${expected}, and leaves the old object alone`, async (step) => {
    const key = keyOf(`${code}-${step}`);
    const old = bodyOf(FILE_BYTES, 1);
    await store.put(key, old, PUT, NOOP_SPAN);
    // What the case before has replaced is removed in the background.
    while (store.stats.deferredFiles > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    const filesBefore = objectFiles(join(opened.directory, "mp1"));
    failing = { step, code };
    const putting = store.put(key, bodyOf(600_000, 2), { ...PUT, durability: "fsync" }, NOOP_SPAN);
    await expect(putting).rejects.toMatchObject({ code: expected });
    failing = null;
    expect(objectFiles(join(opened.directory, "mp1"))).toEqual(filesBefore);
    expect(await readObject(store, key.objectName)).toEqual(old);
    expect((await store.put(key, bodyOf(INLINE_BYTES, 3), PUT, NOOP_SPAN)).version).toBe("2");
    expect(store.stats).toMatchObject({ openWrites: 0, receiveBufferBytes: 0 });
  });
}

test("a failed commit fails everyone who shared it, and the next one works", async () => {
  const names = Array.from({ length: 20 }, (_, n) => `shared-${n}`);
  failing = { step: "commit", code: "ENOSPC" };
  const results = await Promise.allSettled(
    names.map((name) => store.put(keyOf(name), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN)),
  );
  failing = null;
  for (const result of results) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "outOfSpace" } });
  }
  for (const name of names) expect(await store.head(keyOf(name), NOOP_SPAN)).toBeNull();
  await store.put(keyOf("shared-0"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  expect(await readObject(store, "shared-0")).toEqual(bodyOf(INLINE_BYTES));
});

test("a full disk gives up the grace period of files that nobody reads", async () => {
  await using full = await temporaryStore({
    faults: { files: { before: (operation) => failAt(operation) }, beforeCommit() {} },
  });
  const key = keyOf("a");
  for (const seed of [1, 2]) await full.store.put(key, bodyOf(FILE_BYTES, seed), PUT, NOOP_SPAN);
  expect(full.store.stats.deferredFiles).toBe(1);
  failing = { step: "write", code: "ENOSPC" };
  await full.store.put(key, bodyOf(FILE_BYTES, 3), PUT, NOOP_SPAN).catch(() => {});
  failing = null;
  expect(full.store.stats.deferredFiles).toBe(0);
  expect(objectFiles(join(full.directory, "mp1"))).toHaveLength(1);
});

test("a file that could not be removed is removed at the next start", async () => {
  await using stuck = await temporaryStore({
    faults: { files: { before: (operation) => failAt(operation) }, beforeCommit() {} },
    limits: { removalGraceMs: 0 },
  });
  failing = { step: "remove", code: "EIO" };
  const mountpath = join(stuck.directory, "mp1");
  for (const seed of [1, 2]) await stuck.store.put(keyOf("a"), bodyOf(FILE_BYTES, seed), PUT, NOOP_SPAN);
  await stuck.store[Symbol.asyncDispose]();
  failing = null;
  expect(objectFiles(mountpath)).toHaveLength(2);
  await using again = await openTestStore(stuck.directory);
  expect(objectFiles(mountpath)).toHaveLength(1);
  expect(await readObject(again, "a")).toEqual(bodyOf(FILE_BYTES, 2));
});
