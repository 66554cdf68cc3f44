/** The bytes of an upload's parts, one after the other, each compared with what was received. */
import { open } from "node:fs/promises";
import { AisError } from "@ais/base/errors.ts";
import type { ContentHashing } from "../checksum.ts";
import { filePieces } from "../files/file-stream.ts";
import { PART_CHECKSUM } from "./put-part.ts";
import { PART_FOOTER_BYTES, partPath } from "./upload-files.ts";

export interface StoredPart {
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal, as received. */
  readonly checksum: string;
}

export async function readPartEnds(directory: string, numbers: readonly number[]): Promise<StoredPart[]> {
  const parts: StoredPart[] = [];
  for (const number of numbers) parts.push(await readPartEnd(partPath(directory, number)));
  return parts;
}

export async function* partPieces(
  parts: readonly StoredPart[],
  hashing: ContentHashing,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const { path, sizeBytes, checksum } of parts) {
    const hasher = await hashing.create(PART_CHECKSUM);
    for await (const piece of filePieces(path, 0, sizeBytes)) {
      hasher.update(piece);
      yield piece;
    }
    const actual = hasher.digest();
    if (actual !== checksum) {
      throw new AisError("internal", `a part is corrupt: its checksum is ${actual}, expected ${checksum}`);
    }
  }
}

async function readPartEnd(path: string): Promise<StoredPart> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const sizeBytes = size - PART_FOOTER_BYTES;
    const footer = Buffer.alloc(PART_FOOTER_BYTES);
    const { bytesRead } = await file.read(footer, 0, PART_FOOTER_BYTES, Math.max(0, sizeBytes));
    if (sizeBytes < 0 || bytesRead !== PART_FOOTER_BYTES) {
      throw new AisError("internal", "a part is corrupt: its file is too short");
    }
    return { path, sizeBytes, checksum: footer.readBigUInt64LE().toString(16).padStart(16, "0") };
  } finally {
    await file.close();
  }
}
