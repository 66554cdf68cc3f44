/** The value of an object in the index; the layout is in on-disk-format.ts. */
import { assert } from "@ais/base/assert.ts";
import { Packr } from "msgpackr";
import { CHECKSUM_CODES } from "../on-disk-format.ts";
import type { Checksum } from "../types.ts";

export interface IndexRecord {
  readonly sizeBytes: number;
  readonly checksum: Checksum | null;
  /** 0 when the bucket was not versioned at the time of the write. */
  readonly versionCounter: number;
  readonly createdNs: bigint;
  readonly atimeNs: bigint;
  readonly custom: Readonly<Record<string, string>>;
  /** 0 when the body is inline. */
  readonly fileId: bigint;
  /** A verification found other content than was stored: reads fail until one finds it right, or it is replaced. */
  readonly isDamaged: boolean;
  /** Where an inline body starts in the value that this was decoded from. */
  readonly bodyOffset: number;
}

export type NewRecord = Omit<IndexRecord, "bodyOffset" | "isDamaged">;

const RECORD_VERSION = 1;
const HEADER_BYTES = 48;
const FLAG_FILE = 1;
const FLAG_CUSTOM = 2;
const FLAG_DAMAGED = 4;
const FLAGS_OFFSET = 1;
const NO_CUSTOM: Readonly<Record<string, string>> = {};
const NO_BYTES = new Uint8Array(0);
/** Of the memory that was looked at last. */
let lastView: DataView<ArrayBufferLike> = new DataView(NO_BYTES.buffer);

// No shared structures: every record must be readable on its own.
// A map comes back as a `Map`: as objects the library would rename the key `__proto__`.
const packr = new Packr({ useRecords: false, variableMapSize: true, mapsAsObjects: false });

/** `memory` gives the buffer of a size. */
export function encodeRecord(
  record: NewRecord,
  body: Uint8Array = NO_BYTES,
  memory: (sizeBytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
  const inFile = record.fileId !== 0n;
  assert(inFile ? body.byteLength === 0 : body.byteLength === record.sizeBytes, "inline body has the size");
  const checksumBytes = (record.checksum?.value.length ?? 0) / 2;
  const custom = hasEntries(record.custom) ? packr.pack(record.custom) : NO_BYTES;
  const bytes = memory(HEADER_BYTES + checksumBytes + custom.byteLength + body.byteLength);
  bytes[0] = RECORD_VERSION;
  bytes[1] = (inFile ? FLAG_FILE : 0) | (custom.byteLength > 0 ? FLAG_CUSTOM : 0);
  bytes[2] = CHECKSUM_CODES.indexOf(record.checksum?.type ?? "none");
  bytes[3] = checksumBytes;
  writeCounter(bytes, record.sizeBytes, 4);
  writeCounter(bytes, record.versionCounter, 12);
  bytes.writeBigUInt64LE(record.createdNs, 20);
  bytes.writeBigUInt64LE(record.atimeNs, 28);
  bytes.writeBigUInt64LE(record.fileId, 36);
  bytes.writeUInt32LE(custom.byteLength, 44);
  let offset = HEADER_BYTES;
  if (record.checksum !== null) offset += bytes.write(record.checksum.value, offset, "hex");
  assert(offset === HEADER_BYTES + checksumBytes, "checksum value is hexadecimal");
  bytes.set(custom, offset);
  bytes.set(body, offset + custom.byteLength);
  return bytes;
}

/** `bytes` may be LMDB's own short-lived buffer: nothing of it is kept. `lengthBytes` is how much of it is the value. */
export function decodeRecord(bytes: Uint8Array, lengthBytes: number): IndexRecord {
  const view = viewOver(bytes);
  const at = bytes.byteOffset;
  assert(lengthBytes >= HEADER_BYTES, "index record has its header");
  assert(view.getUint8(at) === RECORD_VERSION, "index record has a known version");
  const flags = view.getUint8(at + FLAGS_OFFSET);
  const type = CHECKSUM_CODES[view.getUint8(at + 2)];
  assert(type !== undefined, "index record has a known checksum type");
  const checksumEnd = HEADER_BYTES + view.getUint8(at + 3);
  const bodyOffset = checksumEnd + view.getUint32(at + 44, true);
  assert(bodyOffset <= lengthBytes, "index record has its checksum and custom metadata");
  const sizeBytes = readCounter(view, at + 4);
  assert((flags & FLAG_FILE) !== 0 || bodyOffset + sizeBytes === lengthBytes, "inline body is whole");
  return {
    sizeBytes,
    checksum:
      type === "none"
        ? null
        : { type, value: Buffer.prototype.toString.call(bytes, "hex", HEADER_BYTES, checksumEnd) },
    versionCounter: readCounter(view, at + 12),
    createdNs: view.getBigUint64(at + 20, true),
    atimeNs: view.getBigUint64(at + 28, true),
    fileId: (flags & FLAG_FILE) === 0 ? 0n : view.getBigUint64(at + 36, true),
    custom:
      (flags & FLAG_CUSTOM) === 0
        ? NO_CUSTOM
        : Object.fromEntries(packr.unpack(copyBytes(bytes, checksumEnd, bodyOffset)) as Map<string, string>),
    isDamaged: (flags & FLAG_DAMAGED) !== 0,
    bodyOffset,
  };
}

/** What a record that replaces this one has to know of it. */
export interface RecordTrace {
  readonly versionCounter: number;
  readonly fileId: bigint;
}

export interface FoundTrace extends RecordTrace {
  readonly hasCustom: boolean;
}

/** A part of `decodeRecord`, for a fraction of its cost. */
export function decodeTrace(bytes: Uint8Array, lengthBytes: number): FoundTrace {
  const view = viewOver(bytes);
  const at = bytes.byteOffset;
  assert(lengthBytes >= HEADER_BYTES, "index record has its header");
  assert(view.getUint8(at) === RECORD_VERSION, "index record has a known version");
  const flags = view.getUint8(at + FLAGS_OFFSET);
  return {
    versionCounter: readCounter(view, at + 12),
    hasCustom: (flags & FLAG_CUSTOM) !== 0,
    fileId: (flags & FLAG_FILE) !== 0 ? view.getBigUint64(at + 36, true) : 0n,
  };
}

/** The same record with the mark set or taken away, or null when it is so already. */
export function withDamageMark(bytes: Uint8Array, isDamaged: boolean): Buffer | null {
  const flags = bytes[FLAGS_OFFSET] ?? 0;
  if (((flags & FLAG_DAMAGED) !== 0) === isDamaged) return null;
  const marked = Buffer.from(bytes);
  marked[FLAGS_OFFSET] = flags ^ FLAG_DAMAGED;
  return marked;
}

/** A copy that outlives LMDB's buffer, in memory of its own size. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  Buffer.prototype.copy.call(bytes, copy, 0, start, end);
  return copy;
}

/** Of all the memory that `bytes` is a part of. LMDB gives every value in the same memory, so it is made once. */
function viewOver(bytes: Uint8Array): DataView<ArrayBufferLike> {
  if (lastView.buffer !== bytes.buffer) lastView = new DataView(bytes.buffer);
  return lastView;
}

/** 64 bits, of which 53 are ever used: two halves cost less than a BigInt. */
function readCounter(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

function writeCounter(bytes: Buffer, value: number, offset: number): void {
  const high = Math.floor(value / 2 ** 32);
  bytes.writeUInt32LE(value - high * 2 ** 32, offset);
  bytes.writeUInt32LE(high, offset + 4);
}

function hasEntries(custom: Readonly<Record<string, string>>): boolean {
  for (const _ in custom) return true;
  return false;
}
