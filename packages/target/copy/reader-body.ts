import { filePieces, streamOfPieces } from "@ais/storage/files/file-stream.ts";
import type { ObjectBody, ObjectReader } from "@ais/storage/types.ts";

/** What a reader holds as a body for the store. The reader must not be released before the body was read. */
export function readerBody({ content, lengthBytes }: ObjectReader): ObjectBody {
  if (content.kind === "bytes") return content.bytes;
  return streamOfPieces(filePieces(content.path, content.fileOffsetBytes, lengthBytes));
}
