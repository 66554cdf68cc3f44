import { open } from "node:fs/promises";

/** Large enough that system calls do not count, small enough that many uploads fit in memory. */
const CHUNK_BYTES = 256 * 1024;

/** A file as a stream with back-pressure; closes it at the end, on failure and when cancelled. */
export function fileStream(path: string, onBytes: (count: number) => void): ReadableStream<Uint8Array> {
  let handle: Awaited<ReturnType<typeof open>> | null = null;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        handle ??= await open(path, "r");
        try {
          const { bytesRead, buffer } = await handle.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES);
          if (bytesRead > 0) {
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
