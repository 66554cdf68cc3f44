import type { ReplyOutcome } from "./types.ts";

/** Passes a stream on and tells once how it ended. When the reader goes away, the source is cancelled. */
export function observeStream(
  source: ReadableStream<Uint8Array>,
  gone: AbortSignal,
  onEnd: (outcome: ReplyOutcome) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let isEnded = false;
  const end = (outcome: ReplyOutcome): void => {
    if (isEnded) return;
    isEnded = true;
    gone.removeEventListener("abort", leave);
    onEnd(outcome);
  };
  const leave = (): void => {
    end("client_closed");
    // A source that fails while it is given up has nobody left to tell.
    reader.cancel().catch(() => {});
  };
  if (gone.aborted) leave();
  else gone.addEventListener("abort", leave, { once: true });
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        end("sent");
        controller.close();
      } catch (error) {
        end("io_error");
        controller.error(error);
      }
    },
    cancel: leave,
  });
}
