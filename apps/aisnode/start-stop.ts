import { AisError, errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { HttpServer, HttpServerOptions, StartHttpServer } from "@ais/node/http/types.ts";

/** Starts the listener; a failure names the address, which the system's own error may not. */
export async function listen(start: StartHttpServer, options: HttpServerOptions): Promise<HttpServer> {
  try {
    return await start(options);
  } catch (cause) {
    const address = `${options.hostname}:${options.port}`;
    throw new AisError("unavailable", `failed to listen on ${address}: ${errorText(cause)}`, { cause });
  }
}

/** Waits for `work`, but no longer than the deadline: a stop must end. What fails then has no one left to tell. */
export async function within(deadlineMs: number, work: PromiseLike<void>): Promise<void> {
  const timer = new AbortController();
  await Promise.race([Promise.resolve(work).catch(() => {}), sleep(deadlineMs, timer.signal)]);
  timer.abort();
}
