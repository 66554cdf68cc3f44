import { expect, test } from "bun:test";
import { join } from "node:path";
import { isAisError } from "@ais/base/errors.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { loadContentHashing } from "../checksum.ts";
import {
  bodyOf,
  contentOf,
  keyOf,
  LIST_ALL,
  objectFiles,
  PUT,
  pickSeed,
  piecesOf,
  randomFrom,
  streamOf,
  temporaryStore,
} from "../testing/store-fixture.ts";

const seed = pickSeed();

test(`PUT, GET and DELETE of few objects at a time never mix contents, seed ${seed}`, async () => {
  const random = randomFrom(seed);
  await using opened = await temporaryStore({
    mountpaths: ["mp1", "mp2"],
    limits: { removalGraceMs: 0, writeChunkBytes: 8 * 1024 },
  });
  const { store, directory } = opened;
  const hashing = await loadContentHashing();
  // Both sides of the inline limit; the size tells which content it must be.
  const bodies = Array.from({ length: 24 }, (_, n) => bodyOf(16 * 1024 + (n - 12) * 1_000 + n, n));
  const contentBySize = new Map(bodies.map((body) => [body.byteLength, body]));
  const checksumBySize = new Map<number, string>();
  for (const body of bodies) checksumBySize.set(body.byteLength, await hashing.digest("xxhash2", body));
  let reads = 0;

  async function step(): Promise<void> {
    const key = keyOf(`key-${Math.floor(random() * 5)}`);
    const choice = random();
    if (choice < 0.4) {
      const body = bodies[Math.floor(random() * bodies.length)] ?? bodyOf(1);
      await store.put(key, streamOf(piecesOf(body, 3_000)), PUT, NOOP_SPAN);
    } else if (choice < 0.5) {
      await store.delete(key, "os", NOOP_SPAN);
    } else {
      const opening = Promise.resolve(store.get(key, { verify: choice < 0.6 }, NOOP_SPAN));
      const reader = await opening.catch((error: unknown) => {
        if (isAisError(error, "notFound")) return null;
        throw error;
      });
      if (reader === null) return;
      const { sizeBytes, checksum } = reader.attributes;
      const content = await contentOf(reader);
      expect(content.equals(contentBySize.get(sizeBytes) ?? Buffer.alloc(0))).toBe(true);
      expect(checksum?.value).toBe(checksumBySize.get(sizeBytes) ?? "");
      reads += 1;
    }
  }

  await Promise.all(
    Array.from({ length: 24 }, async () => {
      for (let n = 0; n < 100; n++) await step();
    }),
  );
  expect(reads).toBeGreaterThan(300);
  const left = (await store.list(1n, LIST_ALL, NOOP_SPAN)).objects;
  const inFiles = left.filter(({ attributes }) => attributes.sizeBytes > 16 * 1024);
  await store[Symbol.asyncDispose]();
  const files = ["mp1", "mp2"].flatMap((path) => objectFiles(join(directory, path)));
  expect(files).toHaveLength(inFiles.length);
});

test("concurrent PUTs of one object get every version once", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const puts = Array.from({ length: 100 }, (_, n) =>
    store.put(keyOf("a"), bodyOf(n % 3 === 0 ? 20_000 : 100, n), PUT, NOOP_SPAN),
  );
  const versions = (await Promise.all(puts)).map(({ version }) => Number(version)).toSorted((a, b) => a - b);
  expect(versions).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  expect((await store.head(keyOf("a"), NOOP_SPAN))?.version).toBe("100");
  expect(store.stats.commitBatches).toBeLessThan(store.stats.commitOperations);
});
