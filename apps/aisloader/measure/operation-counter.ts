import type { OperationSummary } from "../summary.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

/** Sums over the operations of one kind. */
export class OperationCounter {
  readonly #latency = new LatencyHistogram();
  #bytes = 0;
  #errors = 0;

  get errors(): number {
    return this.#errors;
  }

  succeeded(bytes: number, latencyMs: number): void {
    this.#bytes += bytes;
    this.#latency.record(latencyMs);
  }

  failed(): void {
    this.#errors++;
  }

  add(other: OperationCounter): void {
    this.#latency.add(other.#latency);
    this.#bytes += other.#bytes;
    this.#errors += other.#errors;
  }

  reset(): void {
    this.#latency.reset();
    this.#bytes = 0;
    this.#errors = 0;
  }

  summary(elapsedMs: number): OperationSummary {
    const perSecond = elapsedMs > 0 ? 1000 / elapsedMs : 0;
    return {
      count: this.#latency.count,
      errors: this.#errors,
      bytes: this.#bytes,
      operations_per_second: this.#latency.count * perSecond,
      bytes_per_second: this.#bytes * perSecond,
      latency_ms: this.#latency.summary(),
    };
  }
}
