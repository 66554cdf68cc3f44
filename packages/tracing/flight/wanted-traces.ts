/** Traces that another node asked for before their request ended here, for a short time. */
export class WantedTraces {
  readonly #capacity: number;
  readonly #patienceMs: number;
  /** Trace id to when it is given up, oldest first. */
  readonly #untilMs = new Map<string, number>();
  /** Given up without having been seen. */
  missed = 0;

  constructor(capacity: number, patienceMs: number) {
    this.#capacity = capacity;
    this.#patienceMs = patienceMs;
  }

  get size(): number {
    return this.#untilMs.size;
  }

  add(traceId: string, nowMs: number): void {
    this.expire(nowMs);
    if (this.#untilMs.size >= this.#capacity) {
      this.missed++;
      return;
    }
    this.#untilMs.set(traceId, nowMs + this.#patienceMs);
  }

  /** True when the trace was asked for; it is then no longer wanted. */
  take(traceId: string): boolean {
    return this.#untilMs.delete(traceId);
  }

  expire(nowMs: number): void {
    for (const [traceId, untilMs] of this.#untilMs) {
      if (untilMs > nowMs) return;
      this.#untilMs.delete(traceId);
      this.missed++;
    }
  }
}
