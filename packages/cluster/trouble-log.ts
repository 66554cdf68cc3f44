/** One place for "the coordinator cannot be reached": a log line now and then, one span from the first failure to the recovery. */
import type { Clock } from "@ais/base/clock.ts";
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Span, Tracing } from "@ais/tracing/types.ts";
import { ATTRIBUTE, SPAN } from "./span-names.ts";

const LOG_INTERVAL_MS = 10_000;

interface Trouble {
  readonly span: Span;
  readonly sinceMs: number;
  loggedMs: number;
  failures: number;
}

export class TroubleLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tracing: Tracing;
  #trouble: Trouble | null = null;

  constructor(clock: Clock, logger: Logger, tracing: Tracing) {
    this.#clock = clock;
    this.#logger = logger;
    this.#tracing = tracing;
  }

  failed(error: unknown): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#trouble === null) {
      const span = this.#tracing.startRoot(SPAN.coordinatorLost);
      span.fail("unavailable", errorText(error));
      span.exception(error);
      this.#trouble = { span, sinceMs: nowMs, loggedMs: Number.NEGATIVE_INFINITY, failures: 0 };
    }
    const trouble = this.#trouble;
    trouble.failures++;
    if (nowMs - trouble.loggedMs < LOG_INTERVAL_MS) return;
    trouble.loggedMs = nowMs;
    const fields = { error: errorText(error), failures: trouble.failures };
    this.#logger.log("warn", "coordinator unavailable, serving from the last snapshot", fields, trouble.span);
  }

  recovered(): void {
    const trouble = this.#trouble;
    if (trouble === null) return;
    this.#trouble = null;
    const lastedMs = Math.round(this.#clock.monotonicMs() - trouble.sinceMs);
    this.#logger.log(
      "info",
      "coordinator available again",
      { lastedMs, failures: trouble.failures },
      trouble.span,
    );
    endSpan(trouble);
  }

  /** The node stops while the trouble lasts. */
  stop(): void {
    if (this.#trouble !== null) endSpan(this.#trouble);
    this.#trouble = null;
  }
}

function endSpan({ span, failures }: Trouble): void {
  span.set(ATTRIBUTE.attempts, failures);
  span.end();
}
