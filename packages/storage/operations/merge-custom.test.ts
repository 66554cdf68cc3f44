/** What a PUT makes of the custom metadata of the object that it replaces. */
import { expect, test } from "bun:test";
import { rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { loadContentHashing } from "../checksum.ts";
import { objectFilePath } from "../files/object-path.ts";
import { readTrailer } from "../files/trailer.ts";
import { INDEX_DIRECTORY } from "../on-disk-format.ts";
import { rebuildMountpath } from "../rebuild/rebuild-mountpath.ts";
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
import type { CustomMetadata, ObjectStore, PutOptions } from "../types.ts";

const key = keyOf("o");

function over(custom: CustomMetadata): PutOptions {
  return { ...PUT, custom, mergeCustom: (old) => ({ ...old, ...custom }) };
}

for (const [where, sizeBytes] of [
  ["inline", INLINE_BYTES],
  ["in a file", FILE_BYTES],
] as const) {
  test(`an object ${where} goes on from what was there`, async () => {
    await using opened = await temporaryStore();
    const { store, directory } = opened;
    const first = await store.put(key, bodyOf(sizeBytes), over({ a: "1", b: "1" }), NOOP_SPAN);
    expect(first.custom).toEqual({ a: "1", b: "1" });
    const parts = { count: 2, largestBytes: 5 };
    await store.put(key, bodyOf(10, 2), { ...PUT, custom: { a: "1", b: "1" }, parts }, NOOP_SPAN);
    const second = await store.put(key, bodyOf(sizeBytes, 3), over({ b: "2" }), NOOP_SPAN);
    expect(second.custom).toEqual({ a: "1", b: "2" });
    // In how many parts another content was put together is no metadata of this one.
    expect([second.parts, await store.head(key, NOOP_SPAN)]).toEqual([undefined, second]);
    if (sizeBytes === FILE_BYTES) {
      // A rebuild would know it too. The file of the first content is there until its grace is over.
      const mountpath = join(directory, "mp1");
      const hashing = await loadContentHashing();
      const trailers = await Promise.all(
        objectFiles(mountpath).map((name) =>
          readTrailer(objectFilePath(mountpath, BigInt(`0x${name}`)), hashing),
        ),
      );
      const own = trailers.find(({ record }) => record.createdNs === second.createdNs);
      expect(own?.record.custom).toEqual({ a: "1", b: "2" });
    }
    const third = await store.put(key, bodyOf(sizeBytes, 4), { ...PUT, custom: { c: "3" } }, NOOP_SPAN);
    expect(third.custom).toEqual({ c: "3" });
  });

  test(`what the merge throws refuses an object ${where}, and leaves what was there`, async () => {
    await using opened = await temporaryStore();
    const { store } = opened;
    const before = await store.put(key, bodyOf(100), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
    const mergeCustom = (): CustomMetadata => {
      throw new AisError("badRequest", "too much");
    };
    const refused = store.put(key, bodyOf(sizeBytes, 2), { ...PUT, mergeCustom }, NOOP_SPAN);
    await expect(refused).rejects.toThrow("too much");
    expect(await store.head(key, NOOP_SPAN)).toEqual(before);
    expect(await readObject(store, "o")).toEqual(bodyOf(100));
  });
}

test("a change that comes during a PUT is not lost", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  await store.put(key, bodyOf(10), PUT, NOOP_SPAN);
  const keys = Array.from({ length: 20 }, (_, number) => `k${number}`);
  await Promise.all(
    keys.flatMap((name, number) => [
      store.setCustom(key, (old) => ({ ...old, [name]: "v" }), "os", NOOP_SPAN),
      store.put(key, bodyOf(number % 2 === 0 ? 10 : FILE_BYTES, number), over({}), NOOP_SPAN),
    ]),
  );
  expect(Object.keys((await store.head(key, NOOP_SPAN))?.custom ?? {}).sort()).toEqual(keys.sort());
});

const CHANGES: readonly (readonly [string, (store: ObjectStore) => Promise<unknown>])[] = [
  ["a change", (store) => store.setCustom(key, () => ({ later: "1" }), "os", NOOP_SPAN)],
  ["a delete", (store) => store.delete(key, "os", NOOP_SPAN)],
  ["another PUT", (store) => store.put(key, bodyOf(10, 2), { ...PUT, custom: { other: "1" } }, NOOP_SPAN)],
];

for (const [what, change] of CHANGES) {
  test(`a rebuild knows ${what} that comes between a file and its record`, async () => {
    await using opened = await temporaryStore();
    const { store, directory } = opened;
    await store.put(key, bodyOf(10), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
    let changed: Promise<unknown> | null = null;
    const mergeCustom = (old: CustomMetadata): CustomMetadata => {
      // The first call is for the file.
      changed ??= change(store);
      return { ...old, own: "1" };
    };
    const custom = { own: "1" };
    await store.put(key, bodyOf(FILE_BYTES), { ...PUT, custom, mergeCustom }, NOOP_SPAN);
    await changed;
    const attributes = await store.head(key, NOOP_SPAN);
    expect(attributes?.custom).toMatchObject({ own: "1" });
    expect(attributes?.custom).not.toHaveProperty("a");
    await store[Symbol.asyncDispose]();
    const mountpath = join(directory, "mp1");
    rmSync(join(mountpath, INDEX_DIRECTORY), { recursive: true });
    await rebuildMountpath({ mountpath, signal: new AbortController().signal });
    await using again = await openTestStore(directory);
    expect(await again.head(key, NOOP_SPAN)).toEqual(attributes);
  });
}

test("a PUT whose file cannot follow such a change is refused, and nothing of it is to be seen", async () => {
  await using opened = await temporaryStore();
  const { store, directory } = opened;
  await store.put(key, bodyOf(10), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
  const mountpath = join(directory, "mp1");
  let changed: Promise<unknown> | null = null;
  const mergeCustom = (old: CustomMetadata): CustomMetadata => {
    if (changed === null) changed = store.setCustom(key, () => ({ later: "1" }), "os", NOOP_SPAN);
    // The second call is for the record.
    else
      for (const name of objectFiles(mountpath)) unlinkSync(objectFilePath(mountpath, BigInt(`0x${name}`)));
    return old;
  };
  const putting = store.put(key, bodyOf(FILE_BYTES, 2), { ...PUT, mergeCustom }, NOOP_SPAN);
  await expect(putting).rejects.toMatchObject({ code: "internal" });
  await changed;
  expect((await store.head(key, NOOP_SPAN))?.custom).toEqual({ later: "1" });
  expect(await readObject(store, "o")).toEqual(bodyOf(10));
  expect(store.stats).toMatchObject({ openWrites: 0 });
});
