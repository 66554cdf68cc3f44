/** The end of an object file: name and metadata, so that the index can be rebuilt from the files alone (on-disk-format.ts). */
import { open } from "node:fs/promises";
import { AisError } from "@ais/base/errors.ts";
import { isChecksumType } from "@ais/wire/checksum.ts";
import { Packr } from "msgpackr";
import type { ContentHashing } from "../checksum.ts";
import type { NewRecord } from "../index/record.ts";

export interface FileTrailer {
  readonly bucketId: bigint;
  readonly bucketName: string;
  readonly objectName: string;
  readonly record: Omit<NewRecord, "fileId">;
}

export const TRAILER_VERSION = 1;
const MAGIC = "AISTOBJ\n";
const FOOTER_BYTES = 24;
const HASHED_FOOTER_BYTES = 8;
/** More than any name and metadata: a damaged length must not make us read a whole object into memory. */
const FIELDS_LIMIT_BYTES = 1024 * 1024;

const packr = new Packr({ useRecords: false, variableMapSize: true });

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

/** Throws `internal` when the file does not end with a whole trailer of a known version. */
export async function readTrailer(path: string, hashing: ContentHashing): Promise<FileTrailer> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size < FOOTER_BYTES) throw damaged(path, "it is too short");
    const footer = await readExactly(file, size - FOOTER_BYTES, FOOTER_BYTES);
    if (footer.toString("latin1", 16) !== MAGIC) throw damaged(path, "it does not end with the mark of one");
    const version = footer.readUInt16LE(4);
    if (version !== TRAILER_VERSION) {
      throw damaged(path, `version ${version} is not known, expected ${TRAILER_VERSION}`);
    }
    const fieldBytes = footer.readUInt32LE(0);
    if (fieldBytes > Math.min(size - FOOTER_BYTES, FIELDS_LIMIT_BYTES))
      throw damaged(path, "its length does not fit the file");
    const start = size - FOOTER_BYTES - fieldBytes;
    const hashed = await readExactly(file, start, fieldBytes + HASHED_FOOTER_BYTES);
    if (hashing.xxh64(hashed) !== footer.readBigUInt64LE(8)) throw damaged(path, "its checksum is wrong");
    const trailer = decodeFields(hashed.subarray(0, fieldBytes), path);
    if (trailer.record.sizeBytes !== start) throw damaged(path, "the object has another size");
    return trailer;
  } finally {
    await file.close();
  }
}

function decodeFields(bytes: Uint8Array, path: string): FileTrailer {
  const fields = packr.unpack(bytes) as readonly unknown[];
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
  ] = fields;
  if (typeof type !== "string" || !isChecksumType(type))
    throw damaged(path, "the checksum type is not known");
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
      custom: custom as Readonly<Record<string, string>>,
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

function damaged(path: string, why: string): AisError {
  return new AisError("internal", `failed to read the trailer of "${path}": ${why}`);
}
