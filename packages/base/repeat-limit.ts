/** Keeps a failure that comes again and again from filling the log. */
import type { Clock } from "./clock.ts";
import type { LogFields, Logger } from "./log.ts";

const INTERVAL_MS = 10_000;
/** Failures told apart at a time; what comes beyond them is logged every time. */
const FAILURES_MAX = 16;

interface Repeated {
  readonly loggedMs: number;
  leftOut: number;
}

/** The same message with the same error is logged once in 10 s; the next line says how many were left out. */
export class RepeatLimit {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #known = new Map<string, Repeated>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  error(message: string, fields: LogFields & { readonly error: string }): void {
    const nowMs = this.#clock.monotonicMs();
    const key = `${message}: ${fields.error}`;
    const last = this.#known.get(key);
    if (last !== undefined && nowMs - last.loggedMs < INTERVAL_MS) {
      last.leftOut++;
      return;
    }
    this.#forgetBefore(nowMs - INTERVAL_MS);
    if (this.#known.size < FAILURES_MAX) this.#known.set(key, { loggedMs: nowMs, leftOut: 0 });
    const leftOut = last?.leftOut ?? 0;
    this.#logger.log("error", message, leftOut === 0 ? fields : { ...fields, repeated: leftOut });
  }

  #forgetBefore(timeMs: number): void {
    for (const [key, { loggedMs }] of this.#known) if (loggedMs <= timeMs) this.#known.delete(key);
  }
}
