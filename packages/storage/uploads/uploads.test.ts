import { expect, test } from "bun:test";
import { existsSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@ais/base/clock.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { RecordingSpan } from "../testing/recording-span.ts";
import {
  bodyOf,
  contentOf,
  keyOf,
  objectFiles,
  openTestStore,
  PUT,
  piecesOf,
  READ,
  readObject,
  streamOf,
  temporaryStore,
} from "../testing/store-fixture.ts";
import type { ObjectStore } from "../types.ts";

const PART_BYTES = 300_000;
const DURABLE = { durability: "os" } as const;
const COMPLETE = { check() {}, isMultipart: true, put: PUT } as const;
const key = keyOf("big");

async function begin(store: ObjectStore, partCount = 0): Promise<string> {
  const id = await store.uploads.create(key, { made: "by parts" }, "os", NOOP_SPAN);
  for (let number = 1; number <= partCount; number++) {
    await store.uploads.putPart(key, id, number, bodyOf(PART_BYTES, number), DURABLE, NOOP_SPAN);
  }
  return id;
}

function parts(...seeds: number[]): Buffer {
  return Buffer.concat(seeds.map((seed) => bodyOf(PART_BYTES, seed)));
}

test("parts in any order, one sent twice, become one object with the checksum of the whole", async () => {
  await using opened = await temporaryStore();
  const { store, directory } = opened;
  const id = await begin(store);
  for (const [number, seed] of [
    [3, 3],
    [1, 9],
    [2, 2],
    [1, 1],
  ] as const) {
    const body = streamOf(piecesOf(bodyOf(PART_BYTES, seed), 70_000));
    expect(await store.uploads.putPart(key, id, number, body, DURABLE, NOOP_SPAN)).toBe(PART_BYTES);
  }
  expect(await store.head(key, NOOP_SPAN)).toBeNull();
  const seen: (readonly number[])[] = [];
  const made = await store.uploads.complete(
    key,
    id,
    { ...COMPLETE, check: (numbers) => seen.push(numbers) },
    NOOP_SPAN,
  );
  expect(seen).toEqual([[1, 2, 3]]);
  expect(made).toMatchObject({
    sizeBytes: 3 * PART_BYTES,
    custom: { made: "by parts" },
    parts: { count: 3, largestBytes: PART_BYTES },
  });
  const whole = await store.put(keyOf("whole"), parts(1, 2, 3), PUT, NOOP_SPAN);
  expect(made.checksum).toEqual(whole.checksum);
  expect(await contentOf(await store.get(key, { verify: true }, NOOP_SPAN))).toEqual(parts(1, 2, 3));
  expect(readdirSync(join(directory, "mp1", "uploads"))).toEqual([]);
  await expect(store.uploads.complete(key, id, COMPLETE, NOOP_SPAN)).rejects.toThrow("does not exist");
});

test("an upload survives a restart, what was being received does not", async () => {
  await using opened = await temporaryStore();
  const { store, directory } = opened;
  const id = await begin(store, 2);
  const upload = join(directory, "mp1", "uploads", id);
  writeFileSync(join(upload, "part-000003.abc.tmp"), "half");
  await store[Symbol.asyncDispose]();
  await using again = await openTestStore(directory);
  expect(readdirSync(upload).sort()).toEqual(["part-000001", "part-000002", "upload.json"]);
  await again.uploads.complete(key, id, COMPLETE, NOOP_SPAN);
  expect(await readObject(again, "big")).toEqual(parts(1, 2));
});

test("a refused or failed completion leaves the upload and the old object as they were", async () => {
  await using opened = await temporaryStore();
  const { store, directory } = opened;
  await store.put(key, bodyOf(10), PUT, NOOP_SPAN);
  const id = await begin(store, 2);
  const check = (): never => {
    throw new Error("not these");
  };
  await expect(store.uploads.complete(key, id, { ...COMPLETE, check }, NOOP_SPAN)).rejects.toThrow();
  const part = join(directory, "mp1", "uploads", id, "part-000002");
  truncateSync(part, PART_BYTES - 100);
  await expect(store.uploads.complete(key, id, COMPLETE, NOOP_SPAN)).rejects.toThrow("corrupt");
  expect(await readObject(store, "big")).toEqual(bodyOf(10));
  expect(objectFiles(join(directory, "mp1"))).toEqual([]);
  await store.uploads.putPart(key, id, 2, bodyOf(PART_BYTES, 2), DURABLE, NOOP_SPAN);
  await store.uploads.complete(key, id, COMPLETE, NOOP_SPAN);
  expect(await readObject(store, "big")).toEqual(parts(1, 2));
});

test("refuses empty parts, wrong checksums, and ids of other objects", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const id = await begin(store);
  const put = (body: Uint8Array, options = {}, of = key, uploadId = id) =>
    store.uploads.putPart(of, uploadId, 1, body, { ...DURABLE, ...options }, NOOP_SPAN);
  await expect(put(new Uint8Array(0))).rejects.toThrow("invalid size (0)");
  await expect(put(bodyOf(10), { expected: { type: "md5", value: "00" } })).rejects.toThrow("bad checksum");
  await expect(put(bodyOf(10), { sizeBytes: 11 })).rejects.toThrow("10 of 11 bytes");
  await expect(put(bodyOf(10), {}, keyOf("other"))).rejects.toThrow("does not exist");
  await expect(put(bodyOf(10), {}, keyOf("big", 2n))).rejects.toThrow("does not exist");
  for (const uploadId of ["", "../../objects", "nothinghere"]) {
    await expect(put(bodyOf(10), {}, key, uploadId)).rejects.toThrow("does not exist");
  }
  const numbers: number[] = [];
  await store.uploads.complete(key, id, { ...COMPLETE, check: (found) => numbers.push(...found) }, NOOP_SPAN);
  expect(numbers).toEqual([]);
});

test("while an upload is being completed it takes no part and no other end", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const id = await begin(store, 3);
  const completing = store.uploads.complete(key, id, COMPLETE, NOOP_SPAN);
  await expect(store.uploads.putPart(key, id, 4, bodyOf(10), DURABLE, NOOP_SPAN)).rejects.toThrow(
    "being completed",
  );
  await expect(store.uploads.abort(key, id, NOOP_SPAN)).rejects.toThrow("being completed");
  await completing;
  expect(await readObject(store, "big")).toEqual(parts(1, 2, 3));
});

test("an aborted upload is gone", async () => {
  await using opened = await temporaryStore();
  const { store, directory } = opened;
  const id = await begin(store, 1);
  await store.uploads.abort(key, id, NOOP_SPAN);
  expect(existsSync(join(directory, "mp1", "uploads", id))).toBe(false);
  await expect(store.uploads.abort(key, id, NOOP_SPAN)).rejects.toThrow("does not exist");
});

test("a sweep takes uploads of dead buckets and idle ones, nothing else", async () => {
  let ahead = 0n;
  const clock = { ...systemClock, nowNs: () => systemClock.nowNs() + ahead };
  await using opened = await temporaryStore({ clock, limits: { uploadIdleMs: 60_000 } });
  const { store } = opened;
  const id = await begin(store, 1);
  expect(await store.uploads.sweep(new Set([1n]), NOOP_SPAN)).toBe(0);
  const span = new RecordingSpan("request");
  expect(await store.uploads.sweep(new Set([2n]), span)).toBe(1);
  expect(span.children).toMatchObject([
    { name: "ais.upload.sweep", attributes: { "ais.uploads": 1 }, endCount: 1 },
  ]);
  await expect(store.uploads.abort(key, id, NOOP_SPAN)).rejects.toThrow("does not exist");
  await begin(store, 1);
  ahead = 61_000_000_000n;
  expect(await store.uploads.sweep(new Set([1n]), NOOP_SPAN)).toBe(1);
});

test("a copy keeps what it was made of, and replaces equal content that has other metadata", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  const { checksum: expected } = await store.put(key, bodyOf(100), { ...PUT, custom: { a: "1" } }, NOOP_SPAN);
  if (expected === null) throw new Error("no checksum");
  const copy = { ...PUT, expected, sizeBytes: 100, compareCustom: true };
  const first = await store.put(key, bodyOf(100), { ...copy, custom: { a: "1" } }, NOOP_SPAN);
  expect([first.version, store.stats.unchangedPuts]).toEqual(["1", 1]);
  const made = { count: 2, largestBytes: 60 };
  const second = await store.put(key, bodyOf(100), { ...copy, custom: {}, parts: made }, NOOP_SPAN);
  expect(second).toMatchObject({ version: "2", custom: {}, parts: made });
  const reader = await store.get(key, READ, NOOP_SPAN);
  expect(reader.attributes.parts).toEqual(made);
});
