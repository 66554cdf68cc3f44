/** Changes the trailer of an object file in place: the object's bytes stay as they are (on-disk-format.ts). */
import { closeSync, fdatasync, ftruncateSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import type { ContentHashing } from "../checksum.ts";
import type { NewRecord } from "../index/record.ts";
import { errnoCode } from "../storage-error.ts";
import type { ObjectKey } from "../types.ts";
import { objectFilePath } from "./object-path.ts";
import { encodeTrailer } from "./trailer.ts";

const dataSync = promisify(fdatasync);

/**
 * To be called inside the index transaction that changes the record, before it does: what is thrown here keeps the change from
 * being made, no other process writes a trailer at the same time, and the file is in use, so that its mark is to stay. Readers
 * take the object's bytes only, so they see no difference. Power loss in the middle may leave a trailer that is unreadable or
 * ahead of the index, while the index still has all of it.
 */
export function writeTrailer(
  mountpath: string,
  { bucketId, bucketName, objectName }: ObjectKey,
  record: NewRecord,
  hashing: ContentHashing,
): void {
  const { fileId, sizeBytes } = record;
  const trailer = encodeTrailer({ bucketId, bucketName, objectName, record }, hashing);
  const file = openSync(objectFilePath(mountpath, fileId), "r+");
  try {
    for (let offset = 0; offset < trailer.byteLength; ) {
      offset += writeSync(file, trailer, offset, trailer.byteLength - offset, sizeBytes + offset);
    }
    ftruncateSync(file, sizeBytes + trailer.byteLength);
  } finally {
    closeSync(file);
  }
}

/** Resolves when the trailer is on the disk, or the file is gone: then the object has been replaced. */
export async function syncTrailer(mountpath: string, fileId: bigint): Promise<void> {
  let file: number;
  try {
    file = openSync(objectFilePath(mountpath, fileId), "r+");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return;
    throw error;
  }
  try {
    await dataSync(file);
  } finally {
    closeSync(file);
  }
}
