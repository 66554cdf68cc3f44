import { AisError, errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { HttpServer, HttpServerOptions, StartHttpServer } from "@ais/node/http/types.ts";

/** Workers of a main process that was killed end a moment after it. */
const ORPHANS_WAIT_MS = 1000;
const ORPHANS_POLL_MS = 20;

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

/** `listen` for the first of the processes that share a port. They would share it with another daemon of this user as well. */
export async function listenFirst(start: StartHttpServer, options: HttpServerOptions): Promise<HttpServer> {
  return listen(
    async (wanted) => {
      if (wanted.port !== 0) await requireFreePort(wanted);
      return start(wanted);
    },
    { ...options, sharesPort: true },
  );
}

/** Throws when somebody goes on listening there, which a listener that does not share finds out. */
async function requireFreePort({ hostname, port }: HttpServerOptions): Promise<void> {
  const deadlineMs = performance.now() + ORPHANS_WAIT_MS;
  for (;;) {
    try {
      Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    await sleep(ORPHANS_POLL_MS);
  }
}
