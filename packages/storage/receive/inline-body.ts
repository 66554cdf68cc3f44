import type { BodyReader } from "./body-reader.ts";

/** The start of a body: all of it when it is small, else the pieces read so far, which are more than the limit. */
export type BodyStart =
  | { readonly kind: "whole"; readonly bytes: Uint8Array }
  | { readonly kind: "partial"; readonly pieces: readonly Uint8Array[] };

/** Reads until the body ends or is known to be larger than `limitBytes`. */
export async function readBodyStart(reader: BodyReader, limitBytes: number): Promise<BodyStart> {
  const pieces: Uint8Array[] = [];
  while (reader.receivedBytes <= limitBytes) {
    const piece = await reader.next();
    if (piece === null) return { kind: "whole", bytes: joinPieces(pieces) };
    pieces.push(piece);
  }
  return { kind: "partial", pieces };
}

function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
}
