/** For tests: damage done to the files of a mountpath that no store has open. */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { DamageKind } from "@ais/wire/storage-report.ts";
import { checkOffline } from "../check/check-offline.ts";
import { INDEX_DATA_FILE, INDEX_DIRECTORY } from "../on-disk-format.ts";
import type { ObjectStore } from "../types.ts";
import { bodyOf, keyOf, openTestStore, PUT } from "./store-fixture.ts";

export const PAGE_BYTES = 4096;

export function indexDataPath(mountpath: string): string {
  return join(mountpath, INDEX_DIRECTORY, INDEX_DATA_FILE);
}

/** Object names to contents, as stored by `fillMountpath`. */
export type Contents = ReadonlyMap<string, Buffer>;

/** Objects of all layouts, some of them replaced and deleted; the store is closed afterwards. */
export async function fillMountpath(directory: string, count: number): Promise<Contents> {
  const contents = new Map<string, Buffer>();
  await using store = await openTestStore(directory);
  const all = Array.from({ length: count }, (_, n) => n);
  await Promise.all(
    all.map((n) => fillOne(store, contents, `o${n}`, [200 + n, 3_000, 9_000, 30_000][n % 4] ?? 0, n)),
  );
  for (const n of all.filter((number) => number % 5 === 0)) {
    await fillOne(store, contents, `o${n}`, n % 2 === 0 ? 500 : 20_000, n + 1_000);
  }
  for (const n of all.filter((number) => number % 7 === 0)) {
    await store.delete(keyOf(`o${n}`), "os", NOOP_SPAN);
    contents.delete(`o${n}`);
  }
  return contents;
}

async function fillOne(
  store: ObjectStore,
  contents: Map<string, Buffer>,
  name: string,
  sizeBytes: number,
  seed: number,
) {
  const body = bodyOf(sizeBytes, seed);
  await store.put(keyOf(name), body, PUT, NOOP_SPAN);
  contents.set(name, body);
}

export function overwrite(path: string, offset: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, bytes, 0, bytes.byteLength, offset);
  } finally {
    closeSync(file);
  }
}

export function overwritePage(path: string, pageNumber: number, fill: number): void {
  overwrite(path, pageNumber * PAGE_BYTES, Buffer.alloc(PAGE_BYTES, fill));
}

/** Turns one bit over; negative offsets count from the end. */
export function flipBit(path: string, offset: number, bit = 0): void {
  const file = openSync(path, "r+");
  try {
    const at = offset < 0 ? fstatSync(file).size + offset : offset;
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ (1 << bit);
    writeSync(file, byte, 0, 1, at);
  } finally {
    closeSync(file);
  }
}

/** What a check of the one mountpath finds: kind and object, or the file's name where there is no object. */
export async function findings(mountpath: string): Promise<readonly (readonly [DamageKind, string])[]> {
  const { signal } = new AbortController();
  const [report] = await checkOffline({ mountpaths: [mountpath], verify: true, signal });
  return (report?.damages ?? []).map(({ kind, object, path }) => [
    kind,
    object === "" ? path.slice(path.lastIndexOf("/") + 1) : object,
  ]);
}
