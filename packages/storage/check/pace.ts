/** Keeps background work in the background: a share of the time, and a number of bytes a second. */
import type { Clock } from "@ais/base/clock.ts";
import { sleep } from "@ais/base/lifecycle.ts";

export interface PaceOptions {
  readonly clock: Clock;
  /** 0 sets no limit. */
  readonly bytesPerSecond: number;
  /** Share of the time that may be spent working, from 0 to 1. */
  readonly share: number;
  readonly signal: AbortSignal;
}

/** Work goes on for this long before other requests get their turn. */
const SLICE_MS = 5;
/** A pause never lasts longer, so that a stop is noticed soon. */
const PAUSE_MAX_MS = 1000;

export class Pace {
  readonly #options: PaceOptions;
  #sliceStartedMs: number;
  /** When the bytes taken so far are due, at the wanted rate. */
  #bytesDueMs: number;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#sliceStartedMs = options.clock.monotonicMs();
    this.#bytesDueMs = this.#sliceStartedMs;
  }

  /** To be awaited after each small piece of work, with the bytes that it read. Throws `AbortError` after the signal. */
  step(bytes = 0): Promise<void> | void {
    const { clock, bytesPerSecond, signal } = this.#options;
    const nowMs = clock.monotonicMs();
    // A slow disk must not save up a burst.
    if (bytesPerSecond > 0 && bytes > 0) {
      this.#bytesDueMs = Math.max(this.#bytesDueMs, nowMs - SLICE_MS) + (bytes / bytesPerSecond) * 1000;
    }
    const isAhead = this.#bytesDueMs > nowMs + 1;
    if (nowMs - this.#sliceStartedMs < SLICE_MS && !isAhead && !signal.aborted) return;
    return this.#pause(nowMs);
  }

  async #pause(nowMs: number): Promise<void> {
    const { clock, share, signal } = this.#options;
    const workedMs = Math.max(0, nowMs - this.#sliceStartedMs);
    const restMs = share >= 1 ? 0 : (workedMs * (1 - share)) / share;
    const untilMs = Math.max(nowMs + Math.min(restMs, PAUSE_MAX_MS), this.#bytesDueMs);
    for (let leftMs = untilMs - nowMs; !signal.aborted; leftMs = untilMs - clock.monotonicMs()) {
      if (leftMs <= 0) await new Promise<void>((resolve) => setImmediate(resolve));
      else await sleep(Math.min(leftMs, PAUSE_MAX_MS), signal);
      if (leftMs <= 0 || clock.monotonicMs() >= untilMs) break;
    }
    signal.throwIfAborted();
    this.#sliceStartedMs = clock.monotonicMs();
  }
}
