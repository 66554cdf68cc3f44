import type { SlowRequest } from "../summary.ts";
import type { Outcome } from "./recorder.ts";

/** Keeps the slowest of the traced requests. */
export class SlowestRequests {
  readonly #limit: number;
  /** Slowest first. */
  readonly #kept: SlowRequest[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(outcome: Outcome, traceId: string): void {
    const kept = this.#kept;
    const { latencyMs } = outcome;
    if (kept.length === this.#limit && latencyMs <= (kept.at(-1)?.latency_ms ?? Number.POSITIVE_INFINITY))
      return;
    const at = kept.findIndex((other) => other.latency_ms < latencyMs);
    kept.splice(at < 0 ? kept.length : at, 0, {
      trace_id: traceId,
      operation: outcome.operation,
      object_name: outcome.objectName,
      latency_ms: latencyMs,
      outcome: outcome.failure?.kind ?? "ok",
    });
    if (kept.length > this.#limit) kept.pop();
  }

  list(): readonly SlowRequest[] {
    return [...this.#kept];
  }
}
