/** What the size and the end of an object file say, compared with the record that names it. */
import type { FileHandle } from "node:fs/promises";
import type { DamageKind } from "@ais/wire/storage-report.ts";
import type { ContentHashing } from "../checksum.ts";
import { END_LIMIT_BYTES, type FileTrailer, FOOTER_BYTES, parseFileEnd } from "../files/trailer.ts";
import type { IndexRecord } from "../index/record.ts";
import type { Checksum } from "../types.ts";

export interface FileFinding {
  readonly kind: DamageKind;
  readonly detail: string;
}

/** Of the object, as the key of the record has them. */
export interface KeyParts {
  readonly bucketId: bigint;
  readonly objectName: string;
}

export interface ExaminedEnd {
  readonly finding: FileFinding | null;
  /** Null when it is unreadable. */
  readonly trailer: FileTrailer | null;
}

export async function examineFileEnd(
  file: FileHandle,
  record: IndexRecord,
  key: KeyParts,
  hashing: ContentHashing,
): Promise<ExaminedEnd> {
  const { sizeBytes } = record;
  const { size: fileBytes } = await file.stat();
  if (fileBytes < sizeBytes + FOOTER_BYTES) {
    return wrongSize(`the file has ${fileBytes} bytes, the object ${sizeBytes} and a trailer`);
  }
  const end = parseFileEnd(await readTail(file, sizeBytes, fileBytes), hashing);
  switch (end.kind) {
    case "whole": {
      const difference = trailerDifference(end.trailer, record, key);
      const finding =
        difference === null ? null : ({ kind: "trailer-mismatch", detail: difference } as const);
      return { finding, trailer: end.trailer };
    }
    case "longer":
      return wrongSize(`the file has ${fileBytes} bytes, ${end.extraBytes} or more too many`);
    case "retired":
      return {
        finding: { kind: "trailer-mismatch", detail: "it is marked as replaced" },
        trailer: end.trailer,
      };
    case "damaged":
      return { finding: { kind: "trailer-mismatch", detail: "it cannot be read" }, trailer: null };
    case "cut":
      return wrongSize(`the file has ${fileBytes} bytes and ends within its trailer`);
  }
}

function wrongSize(detail: string): ExaminedEnd {
  return { finding: { kind: "wrong-size", detail }, trailer: null };
}

/**
 * A change of metadata counts as this much later (`set-custom.ts`). Power loss and the end of the process may leave one in the
 * trailer and not in the index, or the other way round, that nobody was told of.
 */
const CHANGES_MAX_NS = 1_000_000n;

/** Everything but version and last access, which a concurrent write may have changed between file and record. */
function trailerDifference(trailer: FileTrailer, record: IndexRecord, key: KeyParts): string | null {
  const { record: written } = trailer;
  if (trailer.bucketId !== key.bucketId || trailer.objectName !== key.objectName) {
    return `it belongs to "${trailer.bucketName}/${trailer.objectName}" of bucket id ${trailer.bucketId}`;
  }
  if (written.sizeBytes !== record.sizeBytes) return `the size in it is ${written.sizeBytes}`;
  if (checksumText(written.checksum) !== checksumText(record.checksum)) {
    return `the checksum in it is ${checksumText(written.checksum)}, in the index ${checksumText(record.checksum)}`;
  }
  const apartNs = written.createdNs - record.createdNs;
  if (apartNs > CHANGES_MAX_NS || apartNs < -CHANGES_MAX_NS)
    return "it was written at another time than the record says";
  return null;
}

function checksumText(checksum: Checksum | null): string {
  return checksum === null ? "none" : `${checksum.type}[${checksum.value}]`;
}

async function readTail(file: FileHandle, from: number, fileBytes: number): Promise<Buffer> {
  const tail = Buffer.alloc(Math.min(fileBytes - from, END_LIMIT_BYTES));
  for (let offset = 0; offset < tail.byteLength; ) {
    const { bytesRead } = await file.read(tail, offset, tail.byteLength - offset, from + offset);
    if (bytesRead === 0) return tail.subarray(0, offset);
    offset += bytesRead;
  }
  return tail;
}
