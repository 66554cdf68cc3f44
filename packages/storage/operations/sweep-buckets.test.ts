import { expect, test } from "bun:test";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import {
  bodyOf,
  FILE_BYTES,
  keyOf,
  LIST_ALL,
  objectFiles,
  PUT,
  temporaryStore,
} from "../testing/store-fixture.ts";

test("removes dead buckets from all mountpaths, with their files, and nothing else", async () => {
  const mountpaths = ["mp1", "mp2"];
  await using opened = await temporaryStore({ mountpaths, limits: { removalGraceMs: 0 } });
  const { store, directory } = opened;
  const puts = [];
  for (const bucketId of [1n, 2n, 3n]) {
    for (let n = 0; n < 600; n++) {
      const body = bodyOf(n < 4 ? FILE_BYTES : 10);
      puts.push(store.put(keyOf(`o${n}`, bucketId), body, PUT, NOOP_SPAN));
    }
  }
  await Promise.all(puts);
  expect(await store.sweepBuckets(new Set([1n, 2n, 3n, 4n]), NOOP_SPAN)).toBe(0);

  const sweeping = store.sweepBuckets(new Set([2n]), NOOP_SPAN);
  // A bucket made after the caller looked must survive.
  await store.put(keyOf("new", 5n), bodyOf(10), PUT, NOOP_SPAN);
  expect(await sweeping).toBe(1200);
  const counts = await Promise.all(
    [1n, 2n, 3n, 5n].map(async (id) => (await store.list(id, LIST_ALL, NOOP_SPAN)).objects.length),
  );
  expect(counts).toEqual([0, 600, 0, 1]);
  await store[Symbol.asyncDispose]();
  expect(mountpaths.flatMap((path) => objectFiles(join(directory, path)))).toHaveLength(4);
});
