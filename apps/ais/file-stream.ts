import { open } from "node:fs/promises";

/** Large enough that system calls do not count, small enough that many uploads fit in memory. */
const CHUNK_BYTES = 256 * 1024;

const NOTHING = { bytesRead: 0, buffer: new Uint8Array() };

export interface FilePart {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

const WHOLE_FILE: FilePart = { offsetBytes: 0, lengthBytes: Number.POSITIVE_INFINITY };

/** A file, or a part of it, as a stream with back-pressure; closes it at the end, on failure and when cancelled. */
export function fileStream(
  path: string,
  onBytes: (count: number) => void,
  { offsetBytes, lengthBytes }: FilePart = WHOLE_FILE,
): ReadableStream<Uint8Array> {
  let handle: Awaited<ReturnType<typeof open>> | null = null;
  let position = offsetBytes;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        handle ??= await open(path, "r");
        try {
          const wanted = Math.min(CHUNK_BYTES, offsetBytes + lengthBytes - position);
          const { bytesRead, buffer } =
            wanted > 0 ? await handle.read(new Uint8Array(wanted), 0, wanted, position) : NOTHING;
          if (bytesRead > 0) {
            position += bytesRead;
            onBytes(bytesRead);
            controller.enqueue(buffer.subarray(0, bytesRead));
            return;
          }
        } catch (error) {
          await handle.close();
          throw error;
        }
        await handle.close();
        controller.close();
      },
      async cancel() {
        await handle?.close();
      },
    },
    { highWaterMark: 0 },
  );
}
