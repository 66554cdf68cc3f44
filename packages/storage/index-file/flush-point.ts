/**
 * Which state of the index is on the disk for certain. Transactions are committed without a flush, so after power loss the
 * meta pages of the data file may tell of pages that never reached the disk. A flush point is a copy of the meta page of a
 * state that was flushed whole; LMDB does not use any page of that state again before there is a newer point
 * (index/flusher.ts), so it can always be gone back to.
 *
 * The points stand beside the data file, in two slots that are written in turn, so that the older one is whole while the
 * newer one is being written:
 *
 *      0  8 bytes "AISFLUSH"
 *      8  u32  version, 1
 *     12  u32  CRC-32 of what follows
 *     16  u64  boot id of the machine at the flush, as LMDB has it
 *     24  144 bytes: the meta page without its header
 */
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { FLUSH_POINT_FILE } from "../on-disk-format.ts";
import { META_BYTES, type Meta, parseMeta } from "./page-format.ts";

const MAGIC = Buffer.from("AISFLUSH", "latin1");
const VERSION = 1;
const HEADER_BYTES = 24;
const CHECKED_FROM = 16;
/** Disks write a sector whole or not at all. */
const SLOT_BYTES = 512;
const SLOT_COUNT = 2;
/** Of no machine: nothing is taken from the page cache then (`chooseMeta`). */
const UNKNOWN_BOOT_ID = 0n;

export interface FlushPoint {
  readonly meta: Meta;
  readonly bootId: bigint;
}

/** The newest point of an index; null when it has none, because it is new or an older release wrote it. */
export function readFlushPoint(dataPath: string): FlushPoint | null {
  const path = flushPointPath(dataPath);
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  let newest: FlushPoint | null = null;
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const point = parseSlot(bytes.subarray(slot * SLOT_BYTES));
    if (point !== null && (newest === null || point.meta.transaction > newest.meta.transaction))
      newest = point;
  }
  return newest;
}

export function flushPointPath(dataPath: string): string {
  return join(dirname(dataPath), FLUSH_POINT_FILE);
}

function parseSlot(bytes: Buffer): FlushPoint | null {
  if (bytes.byteLength < HEADER_BYTES + META_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return null;
  if (bytes.readUInt32LE(8) !== VERSION) return null;
  if (bytes.readUInt32LE(12) !== crc32(bytes.subarray(CHECKED_FROM, HEADER_BYTES + META_BYTES))) return null;
  const meta = parseMeta(bytes.subarray(HEADER_BYTES, HEADER_BYTES + META_BYTES), false);
  return meta === null ? null : { meta, bootId: bytes.readBigUInt64LE(16) };
}

function encodeSlot(metaBytes: Buffer, bootId: bigint): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, bootId), 16);
  metaBytes.copy(bytes, HEADER_BYTES);
  bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED_FROM, HEADER_BYTES + META_BYTES)), 12);
  return bytes;
}

/** Writes the points of the process that has the index open. */
export class FlushPointFile implements Disposable {
  readonly path: string;
  readonly descriptor: number;
  readonly #bootId: bigint;
  /** Meta page of the newest point, which is in the other slot than the next one. */
  #newest: Buffer | null;
  #slot = 0;

  constructor(dataPath: string, bootId: bigint) {
    this.path = flushPointPath(dataPath);
    const newest = readFlushPoint(dataPath)?.meta ?? null;
    this.#newest = newest === null ? null : Buffer.from(newest.bytes);
    closeSync(openSync(this.path, "a"));
    this.descriptor = openSync(this.path, "r+");
    this.#bootId = bootId;
    // Not over the newest point.
    const bytes = readFileSync(this.path);
    if (newest !== null && parseSlot(bytes)?.meta.transaction === newest.transaction) this.#slot = 1;
  }

  /** It counts from when the descriptor is flushed. */
  write(metaBytes: Buffer): void {
    writeSync(this.descriptor, encodeSlot(metaBytes, this.#bootId), 0, SLOT_BYTES, this.#slot * SLOT_BYTES);
    this.#slot = 1 - this.#slot;
    this.#newest = metaBytes;
  }

  /**
   * From now on the newest point counts even without a new start of the machine: what the page cache has beyond it may never
   * have reached the disk. Never throws: a disk that fails may refuse this, too.
   */
  distrustCache(): void {
    if (this.#newest === null) return;
    try {
      const bytes = encodeSlot(this.#newest, UNKNOWN_BOOT_ID);
      writeSync(this.descriptor, bytes, 0, SLOT_BYTES, (1 - this.#slot) * SLOT_BYTES);
    } catch {
      // Then power loss is what remains to go back by.
    }
  }

  flushSync(): void {
    fdatasyncSync(this.descriptor);
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }
}
