const LINE_FEED = 10;
/** A node that sends more than this without a line feed is none of ours. */
const LINE_MAX_BYTES = 64 * 1024;

/** The stream in pieces of whole lines, so that several streams can be sent one after the other. */
export async function* splitLines(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  let rest: Uint8Array = new Uint8Array(0);
  try {
    if (signal.aborted) return;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const bytes: Uint8Array = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
      const end = bytes.lastIndexOf(LINE_FEED) + 1;
      if (end > 0) yield bytes.subarray(0, end);
      rest = bytes.subarray(end);
      if (rest.length > LINE_MAX_BYTES) throw new Error(`line longer than ${LINE_MAX_BYTES} bytes`);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}
