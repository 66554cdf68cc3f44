/** Makes background work step back for requests: it rests as long as the event loop keeps it waiting. */
import type { Clock } from "@ais/base/clock.ts";
import { sleep } from "@ais/base/lifecycle.ts";

/** Longest rest between two units. */
const REST_MAX_MS = 250;
/** A loop that answers within this has nothing else to do. */
const IDLE_LAG_MS = 1;

export class Pacer {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Lets everything run that waits. On an idle node that is all; on a busy one the time it took is the measure of how
   * much there is to do, and the job leaves the node alone for as long again.
   */
  async rest(signal: AbortSignal): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    await new Promise<void>((resolve) => setImmediate(resolve));
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    const lagMs = this.#clock.monotonicMs() - startMs;
    if (lagMs > IDLE_LAG_MS * 4) await sleep(Math.min(REST_MAX_MS, lagMs), signal);
  }
}
