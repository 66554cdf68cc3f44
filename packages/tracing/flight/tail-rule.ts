import { parseDurationMs } from "@ais/base/units.ts";
import { EVERY_OPERATION, type TracingSection } from "@ais/wire/tracing-config.ts";
import type { RequestEnding } from "../types.ts";

const FIRST_SERVER_ERROR = 500;

/** Which requests are exported although they were not sampled (tracing.md 5). */
export class TailRule {
  readonly #errors: boolean;
  readonly #slowMs: ReadonlyMap<string, number>;
  readonly #otherwiseSlowMs: number;

  private constructor(errors: boolean, slowMs: ReadonlyMap<string, number>) {
    this.#errors = errors;
    this.#slowMs = slowMs;
    this.#otherwiseSlowMs = slowMs.get(EVERY_OPERATION) ?? Number.POSITIVE_INFINITY;
  }

  /** Null when the section wants no request exported so. */
  static of({ tail }: TracingSection): TailRule | null {
    const slowMs = new Map(
      Object.entries(tail.slow).map(([operation, text]) => [operation, parseDurationMs(text)]),
    );
    return tail.errors || slowMs.size > 0 ? new TailRule(tail.errors, slowMs) : null;
  }

  /** An error that was also slow counts as an error. */
  verdict({ operation, status, durationMs }: RequestEnding): "error" | "slow" | null {
    if (this.#errors && status >= FIRST_SERVER_ERROR) return "error";
    return durationMs > (this.#slowMs.get(operation) ?? this.#otherwiseSlowMs) ? "slow" : null;
  }
}
