/** Finished requests of all processes of this node, in one stream. */
import type { NodeServices } from "../call.ts";
import type { FinishedFilter } from "./finished-filter.ts";

/** Chunks on their way to the reader. */
const QUEUED_CHUNKS_MAX = 16;

/** `query` is what the filter was made of. Throws what `FinishedFeed.watch` throws. */
export function nodeTail(
  { requests, workers }: NodeServices,
  filter: FinishedFilter,
  query: string,
): ReadableStream<Uint8Array> {
  const own = requests.finished.watch(filter);
  if (workers.count === 0) return own;
  const pipe = new TransformStream<Uint8Array, Uint8Array>(
    undefined,
    { highWaterMark: QUEUED_CHUNKS_MAX },
    { highWaterMark: 0 },
  );
  const writer = pipe.writable.getWriter();
  const reader = own.getReader();
  // No faster than the reader reads: the processes keep little for it and count what they leave out.
  const write = async (lines: Uint8Array): Promise<void> => {
    await writer.ready.catch(() => {});
    writer.write(lines).catch(() => {});
  };
  const unwatch = workers.watch(query, write);
  // The own stream ends when the node stops.
  const forward = async (): Promise<void> => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) await write(next.value);
    await writer.close();
  };
  forward().catch(() => {});
  const done = (): void => {
    unwatch();
    reader.cancel().catch(() => {});
  };
  writer.closed.then(done, done);
  return pipe.readable;
}
