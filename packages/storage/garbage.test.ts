/**
 * Whatever happens to large objects, after the grace period every file on disk is one that a record names: overwritten,
 * deleted, refused, broken off, given up, read past its end, and over a kill -9 (`crash.test.ts` kills in the middle).
 */
import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import {
  bodyOf,
  contentOf,
  keyOf,
  LIST_ALL,
  objectFiles,
  openTestStore,
  PUT,
  pickSeed,
  piecesOf,
  READ,
  randomFrom,
  streamOf,
  temporaryStore,
} from "./testing/store-fixture.ts";
import type { ObjectReader, ObjectStore } from "./types.ts";
import { UPLOADS_DIRECTORY } from "./uploads/upload-files.ts";

const GRACE_MS = 150;
const STEPS = 400;
const WORKERS = 8;
const NAMES = 6;
const INLINE_LIMIT_BYTES = 16 * 1024;
const seed = pickSeed();

/** Files that records name, and all files: sorted, so that a difference names what is too much. */
async function expectNoGarbage(store: ObjectStore, mountpath: string): Promise<void> {
  const { objects } = await store.list(1n, LIST_ALL, NOOP_SPAN);
  const large = objects.filter(({ attributes }) => attributes.sizeBytes > INLINE_LIMIT_BYTES);
  const named: string[] = [];
  for (const { objectName } of large) {
    const reader = await store.get(keyOf(objectName), READ, NOOP_SPAN);
    if (reader.content.kind === "file") named.push(reader.content.path.slice(-16));
    reader.release();
  }
  expect(objectFiles(mountpath).sort()).toEqual(named.sort());
  expect(named).toHaveLength(large.length);
  const uploads = join(mountpath, UPLOADS_DIRECTORY);
  expect(existsSync(uploads) ? readdirSync(uploads) : []).toEqual([]);
}

async function settled(store: ObjectStore): Promise<void> {
  const deadline = performance.now() + GRACE_MS + 20_000;
  while (store.stats.deferredFiles > 0 && performance.now() < deadline) await Bun.sleep(10);
  expect(store.stats).toMatchObject({ deferredFiles: 0, openWrites: 0, receiveBufferBytes: 0, readers: 0 });
}

/** One random thing that may happen to an object. */
async function step(store: ObjectStore, random: () => number, held: ObjectReader[]): Promise<void> {
  const key = keyOf(`n${Math.floor(random() * NAMES)}`);
  const body = bodyOf(10_000 + Math.floor(random() * 300_000), Math.floor(random() * 1000));
  const choice = random();
  const pieces = (): ReadableStream<Uint8Array> => streamOf(piecesOf(body, 40_000));
  if (choice < 0.35) await store.put(key, pieces(), PUT, NOOP_SPAN);
  else if (choice < 0.55) await store.delete(key, "os", NOOP_SPAN);
  else if (choice < 0.65) await refused(store.put(key, pieces(), { ...PUT, sizeBytes: 1 << 20 }, NOOP_SPAN));
  else if (choice < 0.75) {
    const expected = { type: "md5", value: "0".repeat(32) } as const;
    await refused(store.put(key, pieces(), { ...PUT, expected }, NOOP_SPAN));
  } else if (choice < 0.85) {
    const opened = await Promise.resolve(store.get(key, READ, NOOP_SPAN)).catch(() => null);
    if (opened !== null) held.push(opened);
  } else if (choice < 0.92) {
    const uploadId = await store.uploads.create(key, {}, "os", NOOP_SPAN);
    await store.uploads.putPart(key, uploadId, 1, pieces(), { durability: "os" }, NOOP_SPAN);
    const options = { check: () => {}, isMultipart: true, put: PUT };
    if (random() < 0.5) await store.uploads.abort(key, uploadId, NOOP_SPAN);
    else await store.uploads.complete(key, uploadId, options, NOOP_SPAN);
  } else await store.setCustom(key, () => ({ k: String(choice) }), "os", NOOP_SPAN);
}

async function refused(putting: Promise<unknown>): Promise<void> {
  await expect(putting).rejects.toBeInstanceOf(Error);
}

test(`no file is left after the grace period, seed ${seed}`, async () => {
  await using opened = await temporaryStore({ limits: { removalGraceMs: GRACE_MS } });
  const { store, directory } = opened;
  const mountpath = join(directory, "mp1");
  for (let round = 0; round < 3; round++) {
    const held: ObjectReader[] = [];
    const workers = Array.from({ length: WORKERS }, async (_, worker) => {
      const random = randomFrom(seed + round * WORKERS + worker);
      for (let n = 0; n < STEPS / WORKERS; n++) await step(store, random, held);
    });
    await Promise.all(workers);
    // Readers keep their files past the grace period, whole, and no longer.
    await Bun.sleep(2 * GRACE_MS);
    for (const reader of held) expect((await contentOf(reader)).byteLength).toBe(reader.lengthBytes);
    await settled(store);
    await expectNoGarbage(store, mountpath);
  }
  expect(store.stats.filesRemoved).toBeGreaterThan(50);
}, 90_000);

test("closing gives up the grace period", async () => {
  await using opened = await temporaryStore({ limits: { removalGraceMs: 3_600_000 } });
  const mountpath = join(opened.directory, "mp1");
  const random = randomFrom(seed);
  const held: ObjectReader[] = [];
  for (let n = 0; n < 60; n++) await step(opened.store, random, held);
  for (const reader of held) reader.release();
  expect(opened.store.stats.deferredFiles).toBeGreaterThan(0);
  // No file may wait for a start that never comes.
  await opened.store[Symbol.asyncDispose]();
  await using again = await openTestStore(opened.directory);
  await expectNoGarbage(again, mountpath);
});
