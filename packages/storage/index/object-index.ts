/** The ordered index of one mountpath: object key to record, and which record names each object file. */
import { join } from "node:path";
import { assert } from "@ais/base/assert.ts";
import { type Database, open, type RootDatabase, type RootDatabaseOptions } from "lmdb";
import type { StorageCounters } from "../counters.ts";
import type { StorageFaults } from "../faults.ts";
import { flushDirectory, settleIndex, settleSharedIndex } from "../index-file/settle-index.ts";
import { DATABASES, INDEX_DATA_FILE, INDEX_DIRECTORY, RUN_KEY } from "../on-disk-format.ts";
import { MountpathPresence } from "../presence.ts";
import type { Durability } from "../types.ts";
import { CommitGate } from "./commit-gate.ts";
import { Committer } from "./committer.ts";
import { IndexFlusher } from "./flusher.ts";
import type { Commits, Committed, IndexOperation } from "./index-operation.ts";
import {
  copyBytes,
  decodeRecord,
  decodeTrace,
  type FoundTrace,
  type IndexRecord,
  type RecordTrace,
  withDamageMark,
} from "./record.ts";
import { SharedCommitter } from "./shared-committer.ts";

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

/**
 * Whether other processes have the index open too, and then whether this one opens it first: nobody else has it open yet.
 * A guest opens it behind a closed `CommitGate`.
 */
export type IndexSharing = "alone" | "owner" | "guest";

export interface ObjectIndexOptions {
  readonly mountpath: string;
  /** Inside of the mountpath; the one of every day when absent. */
  readonly directoryName?: string;
  readonly faults: StorageFaults;
  readonly counters: StorageCounters;
  readonly commitBatchCount: number;
  /** `alone` when absent. */
  readonly sharing?: IndexSharing;
}

const DATABASE_COUNT = 3;
/** Of most inline bodies with their record. */
const VALUE_MEMORY_BYTES = 32 * 1024;
/** Of pages that a change writes beside the value itself. */
const CHANGE_OVERHEAD_BYTES = 4096;

export class ObjectIndex implements AsyncDisposable {
  readonly #root: RootDatabase<Uint8Array, Key>;
  readonly #objects: Database<Uint8Array, Key>;
  /** Same data, for scans: values are decoded in place, so that inline bodies are not copied for a listing. */
  readonly #records: Database<IndexRecord, Key>;
  readonly #files: Database<Uint8Array, Key>;
  readonly #meta: Database<Uint8Array, Key>;
  readonly #committer: Commits;
  /** Null when no other process has the index open. */
  readonly #gate: CommitGate | null;
  /** Null when other processes have the index open too: LMDB flushes each transaction then, before anybody sees it. */
  readonly #flusher: IndexFlusher | null;
  readonly #memory = Buffer.allocUnsafeSlow(VALUE_MEMORY_BYTES);
  #writtenBytes = 0;
  readonly presence: MountpathPresence;

  constructor(options: ObjectIndexOptions) {
    const { mountpath, directoryName = INDEX_DIRECTORY, faults, counters, commitBatchCount } = options;
    const { sharing = "alone" } = options;
    const directory = join(mountpath, directoryName);
    const dataPath = join(directory, INDEX_DATA_FILE);
    if (sharing === "alone") settleIndex(dataPath);
    if (sharing === "owner") settleSharedIndex(dataPath);
    const binary = { encoding: "binary", keyEncoding: "binary" } as const;
    this.#root = open({
      ...binary,
      path: directory,
      maxDbs: DATABASE_COUNT,
      // What has been flushed is the flusher's business, or LMDB's own before anybody sees it. The memory map grows by itself.
      overlappingSync: false,
      // The committer does the batching. LMDB's own would also make promises that nobody sees fail with a commit.
      eventTurnBatching: false,
    });
    this.#objects = this.#root.openDB({ ...binary, name: DATABASES.objects });
    const decoded: RootDatabaseOptions & { name: string } = {
      name: DATABASES.objects,
      keyEncoding: "binary",
      encoder: { encode: rejectEncode, decode: decodeRecord },
    };
    this.#records = this.#root.openDB(decoded);
    this.#files = this.#root.openDB({ ...binary, name: DATABASES.files });
    this.#meta = this.#root.openDB({ ...binary, name: DATABASES.meta });
    this.presence = new MountpathPresence(mountpath, directory);
    const { presence } = this;
    const root = this.#root;
    const parts = { root, presence, faults, counters, batchLimitCount: commitBatchCount };
    if (sharing === "alone") {
      this.#gate = null;
      this.#flusher = new IndexFlusher({ root, dataPath, presence, faults, counters });
      const takeWrittenBytes = () => this.#takeWrittenBytes();
      this.#committer = new Committer({ ...parts, flusher: this.#flusher, takeWrittenBytes });
    } else {
      this.#gate = new CommitGate(directory);
      this.#flusher = null;
      this.#committer = new SharedCommitter({ ...parts, gate: this.#gate });
    }
    // Files of an index that is new have names that no flush of their content keeps.
    if (sharing !== "guest") flushDirectory(directory);
  }

  /** Inside an index operation it sees what the transaction has written so far. */
  find(key: Key): FoundRecord | null {
    this.#see();
    const bytes = this.#objects.getBinaryFast(key);
    if (bytes === undefined) return null;
    return new DecodedRecord(bytes, decodeRecord(bytes, bytes.length));
  }

  /** Only inside an index operation: the least that a replacement has to know of what is there. */
  findTrace(key: Key): FoundTrace | null {
    const bytes = this.#objects.getBinaryFast(key);
    return bytes === undefined ? null : decodeTrace(bytes, bytes.length);
  }

  /** With `os` the change survives the end of the process, and power loss some moments later. */
  commit<T>(operation: IndexOperation<T>, durability: Durability = "fsync"): Promise<Committed<T>> {
    return this.#committer.commit(operation, durability);
  }

  /** Resolves when everything that is committed now has survived power loss; sooner when `isUrgent`. */
  flushed(isUrgent: boolean): Promise<void> {
    if (this.#flusher === null) return Promise.resolve();
    return isUrgent ? this.#flusher.flushed() : this.#flusher.settled();
  }

  /** Memory for a value of `replace`, good until the next call: LMDB copies values. */
  valueMemory(sizeBytes: number): Buffer {
    return sizeBytes <= VALUE_MEMORY_BYTES
      ? this.#memory.subarray(0, sizeBytes)
      : Buffer.allocUnsafe(sizeBytes);
  }

  /** Only inside an index operation. `old` is what `find` gave there; the files of both are booked. */
  replace(key: Key, value: Uint8Array, fileId: bigint, old: RecordTrace | null): void {
    this.#writtenBytes += value.byteLength + CHANGE_OVERHEAD_BYTES;
    void this.#objects.put(key, value);
    if (fileId !== 0n) void this.#files.put(fileKey(fileId), key);
    if (old !== null && old.fileId !== 0n) void this.#files.remove(fileKey(old.fileId));
  }

  /** Only inside an index operation. */
  remove(key: Key, old: RecordTrace): void {
    this.#writtenBytes += CHANGE_OVERHEAD_BYTES;
    void this.#objects.remove(key);
    if (old.fileId !== 0n) void this.#files.remove(fileKey(old.fileId));
  }

  namesFile(fileId: bigint): boolean {
    this.#see();
    return this.#files.doesExist(fileKey(fileId));
  }

  /** The key of the record that names the file; null when none does. */
  keyOfFile(fileId: bigint): Buffer | null {
    this.#see();
    return this.#files.getBinary(fileKey(fileId)) ?? null;
  }

  /** Objects in the index. */
  get objectCount(): number {
    this.#see();
    const { entryCount } = this.#objects.getStats() as { readonly entryCount: number };
    return entryCount;
  }

  /**
   * Only inside an index operation. Marks the record as damaged or as right again, unless it is not the one any more
   * that was looked at. True when something changed.
   */
  markDamage(key: Key, looked: IndexRecord, isDamaged: boolean): boolean {
    const bytes = this.#objects.getBinary(key);
    if (bytes === undefined) return false;
    const { fileId, createdNs } = decodeRecord(bytes, bytes.length);
    if (fileId !== looked.fileId || createdNs !== looked.createdNs) return false;
    const marked = withDamageMark(bytes, isDamaged);
    if (marked === null) return false;
    this.#writtenBytes += marked.byteLength + CHANGE_OVERHEAD_BYTES;
    void this.#objects.put(key, marked);
    return true;
  }

  /** Up to `limit` entries from `start` (or after it) to `end`, which is exclusive; null means to the end. */
  scan(start: Key, exclusiveStart: boolean, end: Key | null, limit: number): IndexEntry[] {
    this.#see();
    const entries: IndexEntry[] = [];
    const range = { start, exclusiveStart, limit, ...(end === null ? {} : { end }) };
    for (const { key, value } of this.#records.getRange(range)) entries.push({ key, record: value });
    return entries;
  }

  /** Up to `limit` keys after `start`, without a look at their records. */
  keysAfter(start: Key, limit: number): Uint8Array[] {
    this.#see();
    return [
      ...this.#objects.getKeys({ start, exclusiveStart: true, limit } as { start: Key; limit: number }),
    ];
  }

  /** The first key at or after `start`. */
  firstKey(start: Key): Uint8Array | null {
    this.#see();
    for (const key of this.#objects.getKeys({ start, limit: 1 })) return key;
    return null;
  }

  /** How many times the mountpath was opened; 0 before the first. */
  get run(): number {
    this.#see();
    return this.#meta.getBinary(RUN_KEY)?.readUInt32LE(0) ?? 0;
  }

  /** Counts this opening of the mountpath, durably, and resolves with the count. */
  async nextRun(): Promise<number> {
    const { value } = await this.commit(() => {
      const run = this.run + 1;
      this.setRun(run);
      return run;
    });
    return value;
  }

  /** Only inside an index operation. */
  setRun(run: number): void {
    assert(run < 2 ** 32, "a mountpath is opened less than 2^32 times");
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(run);
    void this.#meta.put(RUN_KEY, bytes);
  }

  /** Pages that only a process which has ended was reading are used again. */
  forgetDeadReaders(): void {
    this.#root.readerCheck();
  }

  /**
   * A view of the index is kept for a turn of the event loop, in which another process may have acknowledged a change: what
   * is read must not be older than the request.
   */
  #see(): void {
    if (this.#gate !== null) this.#root.resetReadTxn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#committer.idle();
    await this.#flusher?.[Symbol.asyncDispose]();
    await this.#root.close();
    this.#gate?.[Symbol.dispose]();
  }

  #takeWrittenBytes(): number {
    const bytes = this.#writtenBytes;
    this.#writtenBytes = 0;
    return bytes;
  }
}

class DecodedRecord implements FoundRecord {
  readonly #bytes: Uint8Array;
  readonly record: IndexRecord;

  constructor(bytes: Uint8Array, record: IndexRecord) {
    this.#bytes = bytes;
    this.record = record;
  }

  copyBody(firstByte: number, lengthBytes: number): Buffer {
    const start = this.record.bodyOffset + firstByte;
    return copyBytes(this.#bytes, start, start + lengthBytes);
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
