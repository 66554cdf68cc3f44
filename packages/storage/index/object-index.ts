/** The ordered index of one mountpath: object key to record, and which record names each object file. */
import { join } from "node:path";
import { assert } from "@ais/base/assert.ts";
import { type Database, open, type RootDatabase, type RootDatabaseOptions } from "lmdb";
import type { StorageCounters } from "../counters.ts";
import type { StorageFaults } from "../faults.ts";
import { INDEX_DIRECTORY } from "../on-disk-format.ts";
import { type Committed, Committer, type IndexOperation } from "./committer.ts";
import { copyBytes, decodeRecord, type IndexRecord } from "./record.ts";

type Key = Uint8Array;

export interface IndexEntry {
  readonly key: Uint8Array;
  readonly record: IndexRecord;
}

export interface FoundRecord {
  readonly record: IndexRecord;
  /** Copies part of an inline body. Only before the next call of anything of this index. */
  copyBody(firstByte: number, lengthBytes: number): Buffer;
}

const RUN_KEY = Buffer.from("run");
const DATABASE_COUNT = 3;

export class ObjectIndex implements AsyncDisposable {
  readonly #root: RootDatabase<Uint8Array, Key>;
  readonly #objects: Database<Uint8Array, Key>;
  /** Same data, for scans: values are decoded in place, so that inline bodies are not copied for a listing. */
  readonly #records: Database<IndexRecord, Key>;
  readonly #files: Database<Uint8Array, Key>;
  readonly #meta: Database<Uint8Array, Key>;
  readonly #committer: Committer;

  constructor(mountpath: string, faults: StorageFaults, counters: StorageCounters, commitBatchCount: number) {
    const binary = { encoding: "binary", keyEncoding: "binary" } as const;
    this.#root = open({
      ...binary,
      path: join(mountpath, INDEX_DIRECTORY),
      maxDbs: DATABASE_COUNT,
      // After power loss the last flushed state is found whole, after the end of the process the last committed one.
      // The memory map grows by itself.
      overlappingSync: true,
      // The committer does the batching. LMDB's own would also make promises that nobody sees fail with a commit.
      eventTurnBatching: false,
    });
    this.#objects = this.#root.openDB({ ...binary, name: "objects" });
    const decoded: RootDatabaseOptions & { name: string } = {
      name: "objects",
      keyEncoding: "binary",
      encoder: { encode: rejectEncode, decode: decodeRecord },
    };
    this.#records = this.#root.openDB(decoded);
    this.#files = this.#root.openDB({ ...binary, name: "files" });
    this.#meta = this.#root.openDB({ ...binary, name: "meta" });
    this.#committer = new Committer(this.#root, mountpath, faults, counters, commitBatchCount);
  }

  /** Inside an index operation it sees what the transaction has written so far. */
  find(key: Key): FoundRecord | null {
    const bytes = this.#objects.getBinaryFast(key);
    if (bytes === undefined) return null;
    const record = decodeRecord(bytes, bytes.length);
    return {
      record,
      copyBody: (firstByte, lengthBytes) => {
        const start = record.bodyOffset + firstByte;
        return copyBytes(bytes, start, start + lengthBytes);
      },
    };
  }

  commit<T>(operation: IndexOperation<T>): Promise<Committed<T>> {
    return this.#committer.commit(operation);
  }

  /** Only inside an index operation. `old` is what `find` gave there; the files of both are booked. */
  replace(key: Key, value: Uint8Array, fileId: bigint, old: IndexRecord | null): void {
    void this.#objects.put(key, value);
    if (fileId !== 0n) void this.#files.put(fileKey(fileId), key);
    if (old !== null && old.fileId !== 0n) void this.#files.remove(fileKey(old.fileId));
  }

  /** Only inside an index operation. */
  remove(key: Key, old: IndexRecord): void {
    void this.#objects.remove(key);
    if (old.fileId !== 0n) void this.#files.remove(fileKey(old.fileId));
  }

  namesFile(fileId: bigint): boolean {
    return this.#files.doesExist(fileKey(fileId));
  }

  /** Up to `limit` entries from `start` (or after it) to `end`, which is exclusive; null means to the end. */
  scan(start: Key, exclusiveStart: boolean, end: Key | null, limit: number): IndexEntry[] {
    const entries: IndexEntry[] = [];
    const range = { start, exclusiveStart, limit, ...(end === null ? {} : { end }) };
    for (const { key, value } of this.#records.getRange(range)) entries.push({ key, record: value });
    return entries;
  }

  /** The first key at or after `start`. */
  firstKey(start: Key): Uint8Array | null {
    for (const key of this.#objects.getKeys({ start, limit: 1 })) return key;
    return null;
  }

  /** Counts this opening of the mountpath, durably; `atLeast` is the highest run that object files are known from. */
  async nextRun(atLeast: number): Promise<number> {
    const { value } = await this.commit(() => {
      const stored = this.#meta.getBinary(RUN_KEY);
      const run = Math.max(stored === undefined ? 0 : stored.readUInt32LE(0), atLeast) + 1;
      assert(run < 2 ** 32, "a mountpath is opened less than 2^32 times");
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(run);
      void this.#meta.put(RUN_KEY, bytes);
      return run;
    });
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#committer.idle();
    await this.#root.close();
  }
}

function fileKey(fileId: bigint): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(fileId);
  return key;
}

function rejectEncode(): never {
  throw new Error("records are written through their bytes");
}
