import { build, type Histogram } from "hdr-histogram-js";
import type { LatencySummary } from "../summary.ts";

/** Latencies are recorded in microseconds, exact to a thousandth of their value. */
const MICROSECONDS = 1000;
const HIGHEST_MICROSECONDS = 3_600_000_000;
const SIGNIFICANT_DIGITS = 3;

/** HDR histogram of latencies; minimum, mean and maximum are exact. */
export class LatencyHistogram {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_MICROSECONDS,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
    bitBucketSize: 32,
    useWebAssembly: false,
  });
  #count = 0;
  #sumMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  record(latencyMs: number): void {
    const microseconds = Math.round(latencyMs * MICROSECONDS);
    this.#histogram.recordValue(Math.min(HIGHEST_MICROSECONDS, Math.max(1, microseconds)));
    this.#count++;
    this.#sumMs += latencyMs;
    if (latencyMs < this.#minMs) this.#minMs = latencyMs;
    if (latencyMs > this.#maxMs) this.#maxMs = latencyMs;
  }

  /** Takes over what `other` recorded. */
  add(other: LatencyHistogram): void {
    this.#histogram.add(other.#histogram);
    this.#count += other.#count;
    this.#sumMs += other.#sumMs;
    this.#minMs = Math.min(this.#minMs, other.#minMs);
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }

  reset(): void {
    this.#histogram.reset();
    this.#count = 0;
    this.#sumMs = 0;
    this.#minMs = Number.POSITIVE_INFINITY;
    this.#maxMs = 0;
  }

  summary(): LatencySummary | null {
    if (this.#count === 0) return null;
    return {
      min: toMicrosecond(this.#minMs),
      mean: toMicrosecond(this.#sumMs / this.#count),
      p50: this.#percentile(50),
      p90: this.#percentile(90),
      p99: this.#percentile(99),
      p999: this.#percentile(99.9),
      max: toMicrosecond(this.#maxMs),
    };
  }

  /** A bucket stands for its highest value, which may lie beyond the largest that was recorded. */
  #percentile(percent: number): number {
    const valueMs = this.#histogram.getValueAtPercentile(percent) / MICROSECONDS;
    return toMicrosecond(Math.max(this.#minMs, Math.min(this.#maxMs, valueMs)));
  }
}

function toMicrosecond(ms: number): number {
  return Math.round(ms * MICROSECONDS) / MICROSECONDS;
}
