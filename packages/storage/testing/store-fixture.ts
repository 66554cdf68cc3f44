/** For the tests of this package: a store in a temporary directory, bodies, and what is left on disk. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@ais/base/clock.ts";
import { silentLogger } from "@ais/base/log.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { type ObjectStoreOptions, openObjectStore } from "../object-store.ts";
import { OBJECTS_DIRECTORY } from "../on-disk-format.ts";
import type { ObjectKey, ObjectReader, ObjectStore, PutOptions } from "../types.ts";

export const PUT: PutOptions = { checksumType: "xxhash2", durability: "os", versioned: true };
export const READ = { verify: false } as const;
export const LIST_ALL = { prefix: "", after: "", limit: 100_000, delimiter: "" } as const;
export const INLINE_BYTES = 1_000;
export const FILE_BYTES = 40_000;

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), "storage-test-"));
}

export function openTestStore(
  directory: string,
  options: Partial<ObjectStoreOptions> = {},
): Promise<ObjectStore> {
  return openObjectStore({
    mountpaths: [join(directory, "mp1")],
    clusterUuid: "cluster-1",
    nodeId: "node-1",
    clock: systemClock,
    logger: silentLogger,
    ...options,
  });
}

/** A store that closes, and whose directory goes, at the end of the block. */
export async function temporaryStore(
  options: Partial<ObjectStoreOptions> = {},
): Promise<AsyncDisposable & { readonly store: ObjectStore; readonly directory: string }> {
  const directory = temporaryDirectory();
  const mountpaths = options.mountpaths?.map((path) => join(directory, path)) ?? [join(directory, "mp1")];
  const store = await openTestStore(directory, { ...options, mountpaths });
  return {
    store,
    directory,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function keyOf(objectName: string, bucketId = 1n): ObjectKey {
  return { bucketId, bucketName: "ais://bck", objectName, uname: `ais/@#/bck/${objectName}` };
}

/** Content that differs from one `seed` to the next at every place. */
export function bodyOf(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = (i * 31 + (i >> 8) * 17 + seed * 101) & 0xff;
  return bytes;
}

export function streamOf(pieces: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

export function piecesOf(bytes: Uint8Array, pieceBytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.byteLength; start += pieceBytes) {
    pieces.push(bytes.subarray(start, start + pieceBytes));
  }
  return pieces;
}

/** What a server would send; releases the reader. */
export async function contentOf(reader: ObjectReader): Promise<Buffer> {
  const { content, lengthBytes } = reader;
  try {
    if (content.kind === "bytes") return Buffer.from(content.bytes);
    const slice = Bun.file(content.path).slice(
      content.fileOffsetBytes,
      content.fileOffsetBytes + lengthBytes,
    );
    return Buffer.from(await slice.arrayBuffer());
  } finally {
    reader.release();
  }
}

export async function readObject(store: ObjectStore, objectName: string): Promise<Buffer> {
  return contentOf(await store.get(keyOf(objectName), READ, NOOP_SPAN));
}

/** Names of all object files of a mountpath, whole or temporary. */
export function objectFiles(mountpath: string): string[] {
  const objects = join(mountpath, OBJECTS_DIRECTORY);
  return readdirSync(objects).flatMap((subdirectory) => readdirSync(join(objects, subdirectory)));
}

/** Small deterministic generator, so that a failing run can be repeated from its printed seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pickSeed(): number {
  return Number(process.env["AIS_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
}
