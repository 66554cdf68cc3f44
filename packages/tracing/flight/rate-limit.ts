/** Lets `perSecond` through on average and as many at once after a pause. */
export class RateLimit {
  readonly #perSecond: number;
  #left: number;
  #filledMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  take(nowMs: number): boolean {
    const refill = ((nowMs - this.#filledMs) * this.#perSecond) / 1000;
    this.#left = Math.min(this.#perSecond, this.#left + refill);
    this.#filledMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
