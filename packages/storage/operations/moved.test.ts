/** Objects that move here from another target keep what they are, and never replace what is newer. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
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
import type { ObjectAttributes, PutOptions } from "../types.ts";

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
  // Nor is it once that was changed back: what was looked at may have gone to another target meanwhile.
  await store.setCustom(key, () => ({ a: "1" }), "fsync", NOOP_SPAN);
  expect(await store.deleteUnchanged(key, looked, NOOP_SPAN)).toBe(false);
  const now = must(await store.head(key, NOOP_SPAN), "the object");
  expect(await store.deleteUnchanged(key, now, NOOP_SPAN)).toBe(true);
  expect(await store.head(key, NOOP_SPAN)).toBe(null);
});

for (const [where, sizeBytes] of [
  ["inline", INLINE_BYTES],
  ["in a file", FILE_BYTES],
] as const) {
  test(`of one object at two targets, ${where}, the one whose metadata was changed is the newer`, async () => {
    await using here = await temporaryStore();
    await using there = await temporaryStore();
    const written = await here.store.put(key, bodyOf(sizeBytes), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
    const move = ({ createdNs, version, custom }: ObjectAttributes) =>
      there.store.put(
        key,
        bodyOf(sizeBytes),
        { ...PUT, custom, compareCustom: true, moved: { createdNs, version } },
        NOOP_SPAN,
      );
    await move(written);
    const changed = must(
      await here.store.setCustom(key, () => ({ a: "2" }), "fsync", NOOP_SPAN),
      "the object",
    );
    // Whoever deletes what it has looked at does not mean this one.
    expect(await here.store.delete(key, "fsync", NOOP_SPAN, written.createdNs)).toBe(false);
    await move(changed);
    const { custom, version } = must(await there.store.head(key, NOOP_SPAN), "the object");
    expect([custom, version]).toEqual([{ a: "2" }, written.version]);
    await move(written);
    expect((await there.store.head(key, NOOP_SPAN))?.custom).toEqual({ a: "2" });
  });
}

test("a deletion of what was there at a time leaves what was written since", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const { createdNs } = await store.put(key, bodyOf(10), PUT, NOOP_SPAN);
  expect(await store.delete(key, "fsync", NOOP_SPAN, createdNs - 1n)).toBe(false);
  expect(await readObject(store, "o")).toEqual(bodyOf(10));
  expect(await store.delete(key, "fsync", NOOP_SPAN, createdNs)).toBe(true);
  expect(await store.head(key, NOOP_SPAN)).toBe(null);
});
