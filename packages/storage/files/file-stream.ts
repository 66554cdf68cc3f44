/** Part of a file as a stream with back-pressure, for bytes that go from one place of the store to another. */
import { open } from "node:fs/promises";
import { AisError } from "@ais/base/errors.ts";

export const STREAM_CHUNK_BYTES = 256 * 1024;

/** Yields buffers that the consumer may keep. Throws `internal` when the file is shorter than it should be. */
export async function* filePieces(
  path: string,
  offsetBytes: number,
  lengthBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open(path, "r");
  try {
    const endBytes = offsetBytes + lengthBytes;
    for (let at = offsetBytes; at < endBytes; ) {
      const buffer = Buffer.allocUnsafe(Math.min(STREAM_CHUNK_BYTES, endBytes - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, at);
      if (bytesRead === 0) throw new AisError("internal", "failed to read a stored file: it became shorter");
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Ends the iteration, and so closes its file, when the stream is cancelled. */
export function streamOfPieces(pieces: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
