import type { Clock } from "@ais/base/clock.ts";

/** Wall-clock nanoseconds at monotonic zero, in halves of 32 bits: more than a double holds exactly. */
export interface TimeAnchor {
  readonly high: number;
  readonly low: number;
}

/** Smaller differences are the resolution of the wall clock, not a step. */
const STEP_MS = 20;
const NS_PER_MS = 1_000_000n;

/**
 * Ties span times, which are monotonic, to the wall clock. A trace keeps the anchor of its start, so its durations never
 * jump; traces after a step of the wall clock (NTP, suspend) take the corrected one.
 */
export class AnchoredClock {
  readonly #clock: Clock;
  #originNs: bigint;
  #anchor: TimeAnchor;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#originNs = clock.nowNs() - BigInt(Math.round(clock.monotonicMs() * 1e6));
    this.#anchor = toAnchor(this.#originNs);
  }

  get anchor(): TimeAnchor {
    return this.#anchor;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Called now and then; follows the wall clock where it was set. */
  refresh(): void {
    const anchoredMs = Number(this.#originNs / NS_PER_MS) + this.#clock.monotonicMs();
    const stepMs = Math.round(this.#clock.nowMs() - anchoredMs);
    if (Math.abs(stepMs) < STEP_MS) return;
    this.#originNs += BigInt(stepMs) * NS_PER_MS;
    this.#anchor = toAnchor(this.#originNs);
  }
}

function toAnchor(originNs: bigint): TimeAnchor {
  return { high: Number(originNs >> 32n), low: Number(originNs & 0xffff_ffffn) };
}
