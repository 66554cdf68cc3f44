import type { IncomingMessage } from "node:http";

/** A client that was answered early may still be sending, and reads the reply only afterwards: what is taken for its sake. */
const DRAIN_MAX_BYTES = 1024 * 1024 * 1024;
const DRAIN_MAX_MS = 60_000;

/** Reads on after an early reply, so that the connection can be used again; closes it when that costs too much. */
export function drainBody(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  let drainedBytes = 0;
  const timer = setTimeout(() => request.destroy(), DRAIN_MAX_MS);
  timer.unref();
  const stop = (): void => clearTimeout(timer);
  request.on("data", (chunk: Uint8Array) => {
    drainedBytes += chunk.length;
    if (drainedBytes > DRAIN_MAX_BYTES) request.destroy();
  });
  request.once("end", stop);
  request.once("close", stop);
  request.resume();
}
