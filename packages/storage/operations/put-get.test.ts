import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { loadContentHashing } from "../checksum.ts";
import {
  bodyOf,
  contentOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  objectFiles,
  PUT,
  piecesOf,
  READ,
  readObject,
  streamOf,
  temporaryStore,
} from "../testing/store-fixture.ts";
import type { ObjectStore } from "../types.ts";

let opened: Awaited<ReturnType<typeof temporaryStore>>;
let store: ObjectStore;
const hashing = await loadContentHashing();

beforeAll(async () => {
  opened = await temporaryStore({ limits: { removalGraceMs: 0 } });
  store = opened.store;
});

afterAll(() => opened[Symbol.asyncDispose]());

/** What was replaced is removed in the background. */
async function filesLeft(): Promise<number> {
  while (store.stats.deferredFiles > 0) await new Promise<void>((resolve) => setImmediate(resolve));
  return objectFiles(join(opened.directory, "mp1")).length;
}

for (const sizeBytes of [0, 1, 16 * 1024, 16 * 1024 + 1, 256 * 1024, 1_000_003]) {
  test(`an object of ${sizeBytes} bytes comes back, whole and verified, however it was sent`, async () => {
    const body = bodyOf(sizeBytes);
    for (const sent of [body, streamOf(piecesOf(body, 60_000)), streamOf([body])]) {
      const attributes = await store.put(keyOf("size"), sent, { ...PUT, sizeBytes }, NOOP_SPAN);
      expect(attributes).toMatchObject({
        sizeBytes,
        checksum: { type: "xxhash2", value: await hashing.digest("xxhash2", body) },
      });
      expect(await store.head(keyOf("size"), NOOP_SPAN)).toEqual(attributes);
      const reader = await store.get(keyOf("size"), { verify: true }, NOOP_SPAN);
      expect(reader.attributes).toEqual(attributes);
      expect((await contentOf(reader)).equals(body)).toBe(true);
    }
  });
}

describe.each([INLINE_BYTES, FILE_BYTES])("an object of %i bytes", (sizeBytes) => {
  const body = bodyOf(sizeBytes);
  const name = `object-${sizeBytes}`;

  test("answers ranges", async () => {
    await store.put(keyOf(name), body, PUT, NOOP_SPAN);
    const ranges = [
      [{ firstByte: 0, lastByte: 0 }, 0, 1],
      [{ firstByte: 10, lastByte: 19 }, 10, 10],
      [{ firstByte: sizeBytes - 5 }, sizeBytes - 5, 5],
      [{ firstByte: 7, lastByte: sizeBytes * 2 }, 7, sizeBytes - 7],
      [{ suffixBytes: 3 }, sizeBytes - 3, 3],
      [{ suffixBytes: sizeBytes * 2 }, 0, sizeBytes],
    ] as const;
    for (const [range, offsetBytes, lengthBytes] of ranges) {
      for (const verify of [false, true]) {
        const reader = await store.get(keyOf(name), { verify, range }, NOOP_SPAN);
        expect(reader).toMatchObject({ offsetBytes, lengthBytes });
        expect(await contentOf(reader)).toEqual(body.subarray(offsetBytes, offsetBytes + lengthBytes));
      }
    }
    for (const range of [{ firstByte: sizeBytes }, { suffixBytes: 0 }]) {
      await expect(store.get(keyOf(name), { verify: false, range }, NOOP_SPAN)).rejects.toMatchObject({
        code: "rangeNotSatisfiable",
        headers: { "Content-Range": `bytes */${sizeBytes}` },
      });
    }
  });

  test("counts its versions, and starts again after a deletion", async () => {
    const key = keyOf(`${name}-versions`);
    const put = async (versioned: boolean) =>
      (await store.put(key, body, { ...PUT, versioned }, NOOP_SPAN)).version;
    expect(await put(true)).toBe("1");
    expect(await put(true)).toBe("2");
    expect(await store.delete(key, "fsync", NOOP_SPAN)).toBe(true);
    expect(await store.delete(key, "fsync", NOOP_SPAN)).toBe(false);
    expect(await store.head(key, NOOP_SPAN)).toBeNull();
    await expect(store.get(key, READ, NOOP_SPAN)).rejects.toMatchObject({
      code: "notFound",
      message: `object "ais://bck/${name}-versions" does not exist`,
    });
    expect(await put(false)).toBe("");
    expect(await put(true)).toBe("1");
  });

  test("keeps custom metadata and the access time that it was given", async () => {
    const custom = { source: "tést", "a key": "" };
    const options = { ...PUT, custom, atimeNs: 1_234_567_890_123_456_789n };
    await store.put(keyOf(name), body, options, NOOP_SPAN);
    expect(await store.head(keyOf(name), NOOP_SPAN)).toMatchObject({ custom, atimeNs: options.atimeNs });
  });

  test("is refused when it is not what the client announced, and the old one stays", async () => {
    const key = keyOf(`${name}-refused`);
    const old = bodyOf(sizeBytes, 2);
    await store.put(key, old, PUT, NOOP_SPAN);
    const before = await filesLeft();
    const wrong = { type: "md5", value: "0".repeat(32) } as const;
    const md5 = await hashing.digest("md5", body);
    await expect(store.put(key, body, { ...PUT, expected: wrong }, NOOP_SPAN)).rejects.toMatchObject({
      code: "checksumMismatch",
      message: expect.stringMatching(new RegExp(`ais://bck/${name}-refused.*${md5}.*${wrong.value}`)),
    });
    for (const announced of [sizeBytes - 1, sizeBytes + 1]) {
      const options = { ...PUT, sizeBytes: announced };
      const sending = store.put(key, streamOf(piecesOf(body, 999)), options, NOOP_SPAN);
      await expect(sending).rejects.toMatchObject({ code: "badRequest" });
    }
    expect(await readObject(store, key.objectName)).toEqual(old);
    expect(await filesLeft()).toBe(before);
    expect(store.stats.receiveBufferBytes).toBe(0);
    expect(store.stats.openWrites).toBe(0);
  });

  test("leaves nothing when the sender goes away half-way", async () => {
    const before = await filesLeft();
    const pieces = piecesOf(body, 100);
    for (const [failure, code] of [
      [new Error("connection reset"), "badRequest"],
      [new AisError("unavailable", "draining"), "unavailable"],
    ] as const) {
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          const piece = pieces.shift();
          if (piece === undefined || pieces.length < 3) controller.error(failure);
          else controller.enqueue(piece);
        },
      });
      const sending = store.put(keyOf(`${name}-torn`), stream, PUT, NOOP_SPAN);
      await expect(sending).rejects.toMatchObject({ code });
    }
    expect(await store.head(keyOf(`${name}-torn`), NOOP_SPAN)).toBeNull();
    expect(await filesLeft()).toBe(before);
  });

  test("stays as it is when the client sends the same again and says so", async () => {
    const key = keyOf(`${name}-same`);
    const expected = { type: "xxhash2", value: await hashing.digest("xxhash2", body) } as const;
    const first = await store.put(key, body, { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
    const again = { ...PUT, expected, custom: { a: "2" } };
    // With the size known the body is only drained; without, it is received and then dropped.
    expect(await store.put(key, streamOf([body]), { ...again, sizeBytes }, NOOP_SPAN)).toEqual(first);
    expect(await store.put(key, streamOf([body]), again, NOOP_SPAN)).toEqual(first);
    const unasked = await store.put(key, body, PUT, NOOP_SPAN);
    expect(unasked.version).toBe("2");
    const lying = store.put(key, bodyOf(sizeBytes, 5), { ...again, sizeBytes }, NOOP_SPAN);
    await expect(lying).rejects.toMatchObject({ code: "checksumMismatch" });
    expect(await readObject(store, key.objectName)).toEqual(body);
  });
});

test("the client's checksum is checked beside the bucket's, or without one", async () => {
  const body = bodyOf(FILE_BYTES);
  const expected = { type: "sha256", value: (await hashing.digest("sha256", body)).toUpperCase() } as const;
  const stored = await store.put(keyOf("sha"), body, { ...PUT, expected }, NOOP_SPAN);
  expect(stored.checksum?.type).toBe("xxhash2");
  const none = await store.put(keyOf("sha"), body, { ...PUT, expected, checksumType: "none" }, NOOP_SPAN);
  expect(none.checksum).toBeNull();
  const reader = await store.get(keyOf("sha"), { verify: true }, NOOP_SPAN);
  expect(await contentOf(reader)).toEqual(body);
});

test("names that share a prefix, and buckets that share a name, are apart", async () => {
  await store.put(keyOf("a"), bodyOf(FILE_BYTES, 1), PUT, NOOP_SPAN);
  await store.put(keyOf("a/b"), bodyOf(FILE_BYTES, 2), PUT, NOOP_SPAN);
  await store.put(keyOf("a", 2n), bodyOf(FILE_BYTES, 3), PUT, NOOP_SPAN);
  expect(await readObject(store, "a")).toEqual(bodyOf(FILE_BYTES, 1));
  expect(await readObject(store, "a/b")).toEqual(bodyOf(FILE_BYTES, 2));
});

test.each([
  { limits: { openWriteCount: 1, openWriteWaitMs: 0 }, hit: "openWrites" },
  { limits: { receiveStartBytes: 20 * 1024 }, hit: "receiveStart" },
] as const)("over the limit $hit a PUT is refused at once and counted", async ({ limits, hit }) => {
  await using small = await temporaryStore({ limits });
  const blocked = Promise.withResolvers<Uint8Array>();
  const reading = Promise.withResolvers<void>();
  const slow = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(bodyOf(FILE_BYTES)),
      async pull(controller) {
        reading.resolve();
        controller.enqueue(await blocked.promise);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const writing = small.store.put(keyOf("slow"), slow, PUT, NOOP_SPAN);
  await reading.promise;
  await expect(small.store.put(keyOf("b"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN)).rejects.toMatchObject({
    code: "tooManyRequests",
  });
  await small.store.put(keyOf("c"), bodyOf(1024), PUT, NOOP_SPAN);
  blocked.resolve(bodyOf(10));
  expect((await writing).sizeBytes).toBe(FILE_BYTES + 10);
  expect(small.store.stats.limitHits).toMatchObject({ [hit]: 1 });
});

test("a PUT that would touch the reserved space is refused", async () => {
  await using full = await temporaryStore({ limits: { reservedSpaceBytes: Number.MAX_SAFE_INTEGER } });
  const putting = full.store.put(keyOf("a"), bodyOf(1), PUT, NOOP_SPAN);
  await expect(putting).rejects.toMatchObject({ code: "outOfSpace" });
  expect(full.store.stats.limitHits.freeSpace).toBe(1);
});
