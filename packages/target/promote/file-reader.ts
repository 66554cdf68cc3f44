import type { Stats } from "node:fs";
import { loadContentHashing } from "@ais/storage/checksum.ts";
import { filePieces, streamOfPieces } from "@ais/storage/files/file-stream.ts";
import type { ObjectBody, ObjectReader } from "@ais/storage/types.ts";
import type { ChecksumType } from "@ais/wire/checksum.ts";

/** What a transfer reads of an object, of a file that is none yet. */
export interface FileReader extends Pick<ObjectReader, "content" | "lengthBytes"> {
  body(): ObjectBody;
}

/** `stat` is of the file as it was opened. */
export function fileReader(path: string, { size, dev, ino }: Stats): FileReader {
  return {
    content: { kind: "file", path, fileOffsetBytes: 0, identity: { dev, ino } },
    lengthBytes: size,
    body: () => streamOfPieces(filePieces(path, 0, size)),
  };
}

/** Lower-case hex; null for type `none`, which says nothing about the content. */
export async function fileChecksum(
  path: string,
  lengthBytes: number,
  type: ChecksumType,
): Promise<string | null> {
  if (type === "none") return null;
  const hasher = await (await loadContentHashing()).create(type);
  for await (const piece of filePieces(path, 0, lengthBytes)) hasher.update(piece);
  return hasher.digest();
}
