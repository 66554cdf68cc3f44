import { expect, test } from "bun:test";
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { loadContentHashing } from "../checksum.ts";
import { objectFilePath } from "../files/object-path.ts";
import { readTrailer } from "../files/trailer.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  objectFiles,
  openTestStore,
  PUT,
  READ,
  readObject,
  temporaryStore,
} from "../testing/store-fixture.ts";
import type { CustomMetadata } from "../types.ts";

const merge = (pairs: CustomMetadata) => (custom: CustomMetadata) => ({ ...custom, ...pairs });

for (const [where, sizeBytes] of [
  ["inline", INLINE_BYTES],
  ["in a file", FILE_BYTES],
] as const) {
  test(`changes custom metadata of an object ${where} and nothing else, for good`, async () => {
    await using opened = await temporaryStore();
    const { store, directory } = opened;
    const key = keyOf("o");
    const before = await store.put(key, bodyOf(sizeBytes), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
    const after = await store.setCustom(key, merge({ b: "zwei ü" }), "fsync", NOOP_SPAN);
    const createdNs = before.createdNs + 1n;
    expect(after).toEqual({ ...before, createdNs, custom: { a: "1", b: "zwei ü" } });
    expect(await store.head(key, NOOP_SPAN)).toEqual(after);
    expect(await readObject(store, "o")).toEqual(bodyOf(sizeBytes));
    await store[Symbol.asyncDispose]();
    await using again = await openTestStore(directory);
    expect(await again.head(key, NOOP_SPAN)).toEqual(after);
    expect((await again.get(key, { verify: true }, NOOP_SPAN)).lengthBytes).toBe(sizeBytes);
  });
}

test("the file's trailer follows, shorter or longer, so that a rebuild would know it", async () => {
  await using opened = await temporaryStore();
  const { store, directory } = opened;
  const hashing = await loadContentHashing();
  const mountpath = join(directory, "mp1");
  await store.put(keyOf("o"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  for (const custom of [{ key: "x".repeat(500) }, { k: "v" }, {}]) {
    await store.setCustom(keyOf("o"), () => custom, "os", NOOP_SPAN);
    const [name = ""] = objectFiles(mountpath);
    const trailer = await readTrailer(objectFilePath(mountpath, BigInt(`0x${name}`)), hashing);
    expect(trailer.record.custom).toEqual(custom);
    expect(trailer.record.sizeBytes).toBe(FILE_BYTES);
  }
});

test("changes at the same time are all kept, and a reader is not disturbed", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  await store.put(keyOf("o"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  const reader = await store.get(keyOf("o"), READ, NOOP_SPAN);
  const keys = Array.from({ length: 20 }, (_, number) => `k${number}`);
  await Promise.all(keys.map((key) => store.setCustom(keyOf("o"), merge({ [key]: "v" }), "os", NOOP_SPAN)));
  expect(Object.keys((await store.head(keyOf("o"), NOOP_SPAN))?.custom ?? {}).sort()).toEqual(keys.sort());
  expect(reader.attributes.custom).toEqual({});
  reader.release();
});

test("what the change throws refuses it, and a missing object is told", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  await store.put(keyOf("o"), bodyOf(10), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
  const refuse = (): CustomMetadata => {
    throw new AisError("badRequest", "too much");
  };
  await expect(store.setCustom(keyOf("o"), refuse, "os", NOOP_SPAN)).rejects.toThrow("too much");
  expect((await store.head(keyOf("o"), NOOP_SPAN))?.custom).toEqual({ a: "1" });
  expect(await store.setCustom(keyOf("missing"), refuse, "os", NOOP_SPAN)).toBeNull();
});

test("deletes an object only while it is the one that was looked at", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const old = await store.put(keyOf("o"), bodyOf(10), PUT, NOOP_SPAN);
  const current = await store.put(keyOf("o"), bodyOf(10, 2), PUT, NOOP_SPAN);
  expect(await store.deleteUnchanged(keyOf("o"), old, NOOP_SPAN)).toBe(false);
  expect(await readObject(store, "o")).toEqual(bodyOf(10, 2));
  expect(await store.deleteUnchanged(keyOf("o"), current, NOOP_SPAN)).toBe(true);
  expect(await store.head(keyOf("o"), NOOP_SPAN)).toBeNull();
});

test("a change that the file cannot follow is refused, and nothing of it is to be seen", async () => {
  await using opened = await temporaryStore();
  const { store, directory } = opened;
  const before = await store.put(keyOf("o"), bodyOf(FILE_BYTES), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
  const mountpath = join(directory, "mp1");
  for (const name of objectFiles(mountpath)) unlinkSync(objectFilePath(mountpath, BigInt(`0x${name}`)));
  for (const durability of ["os", "fsync"] as const) {
    const changing = store.setCustom(keyOf("o"), merge({ b: "2" }), durability, NOOP_SPAN);
    await expect(changing).rejects.toMatchObject({ code: "internal" });
  }
  expect(await store.head(keyOf("o"), NOOP_SPAN)).toEqual(before);
});

test("what changes nothing leaves the object as old as it was", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const before = await store.put(keyOf("o"), bodyOf(FILE_BYTES), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
  expect(await store.setCustom(keyOf("o"), merge({ a: "1" }), "fsync", NOOP_SPAN)).toEqual(before);
});
