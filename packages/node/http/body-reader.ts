/** Reading request bodies within limits; shared by the HTTP drivers. */
import { AisError } from "@ais/base/errors.ts";

export function tooLarge(limitBytes: number): AisError {
  return new AisError("tooLarge", `request body is larger than ${limitBytes} bytes`);
}

export function shortBody(receivedBytes: number, announcedBytes: number | null): AisError {
  const announced = announcedBytes === null ? "its last chunk" : `Content-Length ${announcedBytes}`;
  return new AisError("badRequest", `request body ended after ${receivedBytes} bytes, before ${announced}`);
}

/** The whole body, at most `limitBytes` of it in memory. */
export async function readWhole(stream: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    sizeBytes += value.length;
    if (sizeBytes > limitBytes) {
      await reader.cancel();
      throw tooLarge(limitBytes);
    }
    chunks.push(value);
  }
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, sizeBytes);
}

/** What both kinds of server give: a reader of a web stream, or one made of a Node stream. */
export interface ChunkReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/** A stream of what `reader` gives that errors with `badRequest` when it breaks off or ends before `announcedBytes`. */
export function checkedStream(
  reader: ChunkReader,
  announcedBytes: number | null,
): ReadableStream<Uint8Array> {
  let receivedBytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done && value !== undefined) {
            receivedBytes += value.length;
            controller.enqueue(value);
            return;
          }
          if (announcedBytes !== null && receivedBytes < announcedBytes) {
            controller.error(shortBody(receivedBytes, announcedBytes));
            return;
          }
          controller.close();
        } catch {
          controller.error(shortBody(receivedBytes, announcedBytes));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

export function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.close();
    },
  });
}

/** Null unless the text is a length that HTTP allows. */
export function parseContentLength(text: string | null): number | null {
  if (text === null || !/^\d{1,16}$/.test(text)) return null;
  const lengthBytes = Number(text);
  return Number.isSafeInteger(lengthBytes) ? lengthBytes : null;
}
