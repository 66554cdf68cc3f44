/** A store and a guest of it, here in one process; tests/faults/workers.test.ts has them in several. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@ais/base/clock.ts";
import { silentLogger } from "@ais/base/log.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { loadContentHashing } from "./checksum.ts";
import { readTrailer } from "./files/trailer.ts";
import { type GuestStore, openGuestStore } from "./guest-store.ts";
import { type OwnerStore, openObjectStore } from "./object-store.ts";
import { OBJECTS_DIRECTORY } from "./on-disk-format.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  LIST_ALL,
  PUT,
  READ,
  temporaryDirectory,
} from "./testing/store-fixture.ts";
import type { ObjectStore } from "./types.ts";

interface Pair extends AsyncDisposable {
  readonly owner: OwnerStore;
  readonly guest: GuestStore;
  /** Paths of object files, temporary ones too. */
  files(): readonly string[];
}

async function openPair(removalGraceMs: number): Promise<Pair> {
  const directory = temporaryDirectory();
  const mountpath = join(directory, "mp1");
  const common = {
    clock: systemClock,
    logger: silentLogger,
    mountpaths: [mountpath],
    limits: { removalGraceMs },
  };
  const owner = await openObjectStore({
    ...common,
    clusterUuid: "c",
    nodeId: "n",
    guests: (path) => ({
      held: async (fileIds) => new Set(guest.held(path, fileIds)),
      mayWrite: () => false,
      settled: async () => {},
    }),
  });
  const guest: GuestStore = await openGuestStore({
    ...common,
    owner: (path) => ({
      retire: (fileId, cause) => owner.retire(path, fileId, cause),
      expedite: () => owner.expedite(path),
    }),
  });
  const objects = join(mountpath, OBJECTS_DIRECTORY);
  return {
    owner,
    guest,
    files: () =>
      readdirSync(objects, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    async [Symbol.asyncDispose]() {
      await guest[Symbol.asyncDispose]();
      await owner[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function sizeIn(store: ObjectStore, name: string): Promise<number | null> {
  return (await store.head(keyOf(name), NOOP_SPAN))?.sizeBytes ?? null;
}

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error("it did not come to be in 30 s");
    await Bun.sleep(5);
  }
}

test("both see at once what either has acknowledged, and name their files apart", async () => {
  await using pair = await openPair(60_000);
  const { owner, guest, files } = pair;
  await owner.put(keyOf("a"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  await guest.put(keyOf("b"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  await owner.put(keyOf("c"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  for (const store of [owner, guest]) {
    expect([await sizeIn(store, "a"), await sizeIn(store, "b")]).toEqual([INLINE_BYTES, FILE_BYTES]);
    const { objects } = await store.list(1n, LIST_ALL, NOOP_SPAN);
    expect(objects.map(({ objectName }) => objectName)).toEqual(["a", "b", "c"]);
  }
  expect(new Set(files()).size).toBe(2);
  expect(await guest.delete(keyOf("a"), "os", NOOP_SPAN)).toBe(true);
  expect(await sizeIn(owner, "a")).toBe(null);
});

test("a file that a guest replaces is removed by the owner, but not while a guest reads it", async () => {
  await using pair = await openPair(0);
  const { owner, guest, files } = pair;
  await guest.put(keyOf("a"), bodyOf(FILE_BYTES, 1), PUT, NOOP_SPAN);
  const [first = ""] = files();
  const reader = await guest.get(keyOf("a"), READ, NOOP_SPAN);
  await guest.put(keyOf("a"), bodyOf(FILE_BYTES, 2), PUT, NOOP_SPAN);
  await until(() => owner.stats.deferredFiles === 1);
  await Bun.sleep(50);
  await owner.expedite(join(first, "../../.."));
  expect([existsSync(first), owner.stats.deferredFiles, guest.stats.deferredFiles]).toEqual([true, 1, 0]);
  reader.release();
  await until(() => owner.stats.filesRemoved === 1);
  expect([existsSync(first), files().length, owner.stats.deferredFiles]).toEqual([false, 1, 0]);
});

test("what a guest that died was writing is removed, what it had stored stays", async () => {
  await using pair = await openPair(0);
  const { owner, guest, files } = pair;
  await guest.put(keyOf("kept"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  const kept = files();
  const [[, run] = ["", 0]] = [...guest.runs];
  const id = (count: number): string =>
    `${run.toString(16).padStart(8, "0")}${count.toString(16).padStart(8, "0")}`;
  const at = (name: string, directory: string): string => join(kept[0] ?? "", "../..", directory, name);
  writeFileSync(at(`${id(0x101)}.abc.tmp`, "01"), "half");
  writeFileSync(at(id(0x102), "02"), "whole, and never committed");
  owner.guestEnded(guest.runs);
  await until(() => files().length === kept.length);
  expect(files()).toEqual(kept);
  expect(await sizeIn(owner, "kept")).toBe(FILE_BYTES);
});

test("an upload in parts is one upload: while one process completes it the others leave it alone", async () => {
  await using pair = await openPair(60_000);
  const { owner, guest } = pair;
  const key = keyOf("parts");
  const uploadId = await owner.uploads.create(key, {}, "os", NOOP_SPAN);
  await owner.uploads.putPart(key, uploadId, 1, bodyOf(FILE_BYTES, 1), { durability: "os" }, NOOP_SPAN);
  await guest.uploads.putPart(key, uploadId, 2, bodyOf(FILE_BYTES, 2), { durability: "os" }, NOOP_SPAN);
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const late: Promise<unknown>[] = [];
  const completion = guest.uploads.complete(
    key,
    uploadId,
    {
      check(parts) {
        expect(parts).toEqual([1, 2]);
        late.push(owner.uploads.abort(key, uploadId, NOOP_SPAN).catch((error) => error.code));
        late.push(
          owner.uploads
            .putPart(key, uploadId, 3, bodyOf(10), { durability: "os" }, NOOP_SPAN)
            .catch((error) => error.code),
        );
        ask();
      },
      isMultipart: true,
      put: PUT,
    },
    NOOP_SPAN,
  );
  await asked;
  expect(await Promise.all(late)).toEqual(["conflict", "conflict"]);
  expect((await completion).sizeBytes).toBe(2 * FILE_BYTES);
  expect(await sizeIn(owner, "parts")).toBe(2 * FILE_BYTES);
});

test("changes of custom metadata from both sides all take place, and the file's trailer has the newest", async () => {
  await using pair = await openPair(60_000);
  const { owner, guest, files } = pair;
  const key = keyOf("a");
  await owner.put(key, bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  const changes = Array.from({ length: 20 }, (_, n) =>
    [owner, guest][n % 2]?.setCustom(key, (custom) => ({ ...custom, [`n${n}`]: "x" }), "os", NOOP_SPAN),
  );
  await Promise.all(changes);
  const { custom } = (await guest.head(key, NOOP_SPAN)) ?? { custom: {} };
  expect(Object.keys(custom)).toHaveLength(20);
  const trailer = await readTrailer(files()[0] ?? "", await loadContentHashing());
  expect(trailer?.record.custom).toEqual(custom);
});
