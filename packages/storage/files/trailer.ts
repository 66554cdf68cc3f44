/** The end of an object file: name and metadata, so that the index can be rebuilt from the files alone (on-disk-format.ts). */
import { AisError } from "@ais/base/errors.ts";
import { isChecksumType } from "@ais/wire/checksum.ts";
import { Packr } from "msgpackr";
import type { ContentHashing } from "../checksum.ts";
import type { NewRecord } from "../index/record.ts";
import { openQuietly } from "./read-quietly.ts";

export interface FileTrailer {
  readonly bucketId: bigint;
  readonly bucketName: string;
  readonly objectName: string;
  readonly record: Omit<NewRecord, "fileId">;
}

export const TRAILER_VERSION = 1;
/** The end of an object file that is in use. A replaced or deleted one has lost it, and otherwise is as it was. */
const MAGIC = "AISTOBJ\n";
export const MARK_BYTES = MAGIC.length;
export const FOOTER_BYTES = 24;
const HASHED_FOOTER_BYTES = 8;
/** More than any name and metadata: a damaged length must not make us read a whole object into memory. */
const FIELDS_LIMIT_BYTES = 1024 * 1024;
/** Enough to find a trailer and see that something follows it. */
export const END_LIMIT_BYTES = FIELDS_LIMIT_BYTES + FOOTER_BYTES + 1;

// A map comes back as a `Map`: as objects the library would rename the key `__proto__`.
const packr = new Packr({ useRecords: false, variableMapSize: true, mapsAsObjects: false });

export function encodeTrailer(trailer: FileTrailer, hashing: ContentHashing): Buffer {
  const { record } = trailer;
  const fields = packr.pack([
    String(trailer.bucketId),
    trailer.bucketName,
    trailer.objectName,
    record.sizeBytes,
    record.checksum?.type ?? "none",
    record.checksum?.value ?? "",
    record.versionCounter,
    String(record.createdNs),
    String(record.atimeNs),
    record.custom,
  ]);
  const bytes = Buffer.alloc(fields.byteLength + FOOTER_BYTES);
  bytes.set(fields);
  bytes.writeUInt32LE(fields.byteLength, fields.byteLength);
  bytes.writeUInt16LE(TRAILER_VERSION, fields.byteLength + 4);
  const hashedBytes = fields.byteLength + HASHED_FOOTER_BYTES;
  bytes.writeBigUInt64LE(hashing.xxh64(bytes.subarray(0, hashedBytes)), hashedBytes);
  bytes.write(MAGIC, hashedBytes + 8, "latin1");
  return bytes;
}

/** Throws `internal` when the file does not end with a whole trailer of a known version, or was retired. */
export async function readTrailer(path: string, hashing: ContentHashing): Promise<FileTrailer> {
  const { kind, trailer, why } = await readFileEnd(path, hashing);
  if (kind === "whole") return trailer;
  throw new AisError("internal", `failed to read the trailer of "${path}": ${why}`);
}

/** The end of a file of which nothing is known. */
export type UnknownFileEnd =
  | { readonly kind: "whole" | "retired"; readonly trailer: FileTrailer; readonly why: string }
  | { readonly kind: "unreadable"; readonly trailer: null; readonly why: string };

export async function readFileEnd(path: string, hashing: ContentHashing): Promise<UnknownFileEnd> {
  const file = await openQuietly(path);
  try {
    const { size } = await file.stat();
    if (size < FOOTER_BYTES) return unreadable("it is too short");
    const last = await readExactly(file, size - FOOTER_BYTES, FOOTER_BYTES);
    const hasMark = last.toString("latin1", FOOTER_BYTES - MARK_BYTES) === MAGIC;
    const footerBytes = hasMark ? FOOTER_BYTES : FOOTER_BYTES - MARK_BYTES;
    const footer = last.subarray(hasMark ? 0 : MARK_BYTES);
    const fieldBytes = footer.readUInt32LE(0);
    if (fieldBytes > Math.min(size - footerBytes, FIELDS_LIMIT_BYTES)) {
      return unreadable(
        hasMark ? "its length does not fit the file" : "it does not end with the mark of one",
      );
    }
    const start = size - footerBytes - fieldBytes;
    const { kind, trailer } = parseFileEnd(await readExactly(file, start, size - start), hashing);
    if (kind !== "whole" && kind !== "retired") {
      const version = footer.readUInt16LE(4);
      const isKnown = version === TRAILER_VERSION || !hasMark;
      return unreadable(
        isKnown ? "its checksum is wrong" : `version ${version} is not known, expected ${TRAILER_VERSION}`,
      );
    }
    if (trailer.record.sizeBytes !== start) return unreadable("the object has another size");
    return { kind, trailer, why: kind === "retired" ? "the file was replaced or deleted" : "" };
  } finally {
    await file.close();
  }
}

function unreadable(why: string): UnknownFileEnd {
  return { kind: "unreadable", trailer: null, why };
}

/** What follows the object's bytes in a file. */
export type FileEnd =
  | { readonly kind: "whole"; readonly trailer: FileTrailer }
  /** The trailer is whole, and `extraBytes` follow it. */
  | { readonly kind: "longer"; readonly trailer: FileTrailer; readonly extraBytes: number }
  /** The trailer is whole but for its mark: the file was replaced or deleted. */
  | { readonly kind: "retired"; readonly trailer: FileTrailer }
  /** The file has its end, but what stands there is wrong. */
  | { readonly kind: "damaged"; readonly trailer: null }
  | { readonly kind: "cut"; readonly trailer: null };

/** `tail` is everything from the end of the object to the end of the file, or at least the first `END_LIMIT_BYTES` of it. */
export function parseFileEnd(tail: Buffer, hashing: ContentHashing): FileEnd {
  const hasMark = tail.toString("latin1", Math.max(0, tail.byteLength - MARK_BYTES)) === MAGIC;
  const fieldBytes = findFooter(tail, hashing);
  const trailer = fieldBytes === null ? null : decodeFields(tail.subarray(0, fieldBytes));
  if (trailer === null || fieldBytes === null) return { kind: hasMark ? "damaged" : "cut", trailer: null };
  const extraBytes = tail.byteLength - fieldBytes - FOOTER_BYTES;
  if (extraBytes === -MARK_BYTES) return { kind: "retired", trailer };
  if (extraBytes < 0) return { kind: "cut", trailer: null };
  if (extraBytes > 0) return { kind: "longer", trailer, extraBytes };
  return hasMark ? { kind: "whole", trailer } : { kind: "damaged", trailer: null };
}

/** Where the footer starts: at the place that it names, with the right checksum. Usually that is the last place possible. */
function findFooter(tail: Buffer, hashing: ContentHashing): number | null {
  const isFooter = (at: number): boolean =>
    at > 0 &&
    at + FOOTER_BYTES - MARK_BYTES <= tail.byteLength &&
    tail.readUInt32LE(at) === at &&
    tail.readUInt16LE(at + 4) === TRAILER_VERSION &&
    tail.readBigUInt64LE(at + HASHED_FOOTER_BYTES) ===
      hashing.xxh64(tail.subarray(0, at + HASHED_FOOTER_BYTES));
  const last = tail.byteLength - FOOTER_BYTES;
  if (isFooter(last)) return last;
  for (let at = 1; at <= last + MARK_BYTES; at++) if (isFooter(at)) return at;
  return null;
}

/** Null when these are not the fields of a trailer. */
function decodeFields(bytes: Uint8Array): FileTrailer | null {
  const fields: unknown = packr.unpack(bytes);
  if (!Array.isArray(fields)) return null;
  const [
    bucketId,
    bucketName,
    objectName,
    sizeBytes,
    type,
    value,
    versionCounter,
    createdNs,
    atimeNs,
    custom,
  ] = fields as readonly unknown[];
  if (typeof type !== "string" || !isChecksumType(type) || !(custom instanceof Map)) return null;
  return {
    bucketId: BigInt(String(bucketId)),
    bucketName: String(bucketName),
    objectName: String(objectName),
    record: {
      sizeBytes: Number(sizeBytes),
      checksum: type === "none" ? null : { type, value: String(value) },
      versionCounter: Number(versionCounter),
      createdNs: BigInt(String(createdNs)),
      atimeNs: BigInt(String(atimeNs)),
      custom: Object.fromEntries(custom),
    },
  };
}

interface ReadableFile {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

async function readExactly(file: ReadableFile, position: number, lengthBytes: number): Promise<Buffer> {
  const bytes = Buffer.alloc(lengthBytes);
  for (let offset = 0; offset < lengthBytes; ) {
    const { bytesRead } = await file.read(bytes, offset, lengthBytes - offset, position + offset);
    if (bytesRead === 0) throw new AisError("internal", "failed to read an object file: it became shorter");
    offset += bytesRead;
  }
  return bytes;
}
