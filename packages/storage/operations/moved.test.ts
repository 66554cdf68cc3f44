/** Objects that move here from another target keep what they are, and never replace what is newer. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  objectFiles,
  PUT,
  readObject,
  temporaryStore,
} from "../testing/store-fixture.ts";
import type { PutOptions } from "../types.ts";

const key = keyOf("o");

function movedAt(createdNs: bigint, version = "7"): PutOptions {
  return { ...PUT, versioned: true, custom: { from: "elsewhere" }, moved: { createdNs, version } };
}

for (const [where, sizeBytes] of [
  ["inline", INLINE_BYTES],
  ["in a file", FILE_BYTES],
] as const) {
  test(`an object that comes ${where} keeps its time and its version`, async () => {
    await using opened = await temporaryStore();
    const { store } = opened;
    const attributes = await store.put(key, bodyOf(sizeBytes), movedAt(123n), NOOP_SPAN);
    expect(attributes).toMatchObject({ createdNs: 123n, version: "7", custom: { from: "elsewhere" } });
    expect(await readObject(store, "o")).toEqual(bodyOf(sizeBytes));
    const over = await store.put(key, bodyOf(10), { ...PUT, versioned: true }, NOOP_SPAN);
    expect(over.version).toBe("8");
  });

  test(`what is here and newer stays, and nothing is left of what came ${where}`, async () => {
    await using opened = await temporaryStore();
    const { store, directory } = opened;
    const here = await store.put(key, bodyOf(100), PUT, NOOP_SPAN);
    const kept = await store.put(key, bodyOf(sizeBytes), movedAt(here.createdNs - 1n), NOOP_SPAN);
    expect(kept).toEqual(here);
    expect(await readObject(store, "o")).toEqual(bodyOf(100));
    expect(objectFiles(join(directory, "mp1"))).toEqual([]);
    const newer = await store.put(key, bodyOf(sizeBytes), movedAt(here.createdNs + 1n), NOOP_SPAN);
    expect(newer.createdNs).toBe(here.createdNs + 1n);
    expect(await readObject(store, "o")).toEqual(bodyOf(sizeBytes));
  });
}

test("an object whose metadata changed since it was looked at is not the one any more", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const looked = await store.put(key, bodyOf(10), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
  await store.setCustom(key, () => ({ a: "2" }), "fsync", NOOP_SPAN);
  expect(await store.deleteUnchanged(key, looked, NOOP_SPAN)).toBe(false);
  await store.setCustom(key, () => ({ a: "1" }), "fsync", NOOP_SPAN);
  expect(await store.deleteUnchanged(key, looked, NOOP_SPAN)).toBe(true);
  expect(await store.head(key, NOOP_SPAN)).toBe(null);
});

test("a deletion of what was there at a time leaves what was written since", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const { createdNs } = await store.put(key, bodyOf(10), PUT, NOOP_SPAN);
  expect(await store.delete(key, "fsync", NOOP_SPAN, createdNs - 1n)).toBe(false);
  expect(await readObject(store, "o")).toEqual(bodyOf(10));
  expect(await store.delete(key, "fsync", NOOP_SPAN, createdNs)).toBe(true);
  expect(await store.head(key, NOOP_SPAN)).toBe(null);
});
