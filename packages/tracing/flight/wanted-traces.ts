/** Traces that another node asked for before their request ended here, for a short time. */
interface Wanted {
  /** When it is given up. */
  readonly untilMs: number;
  /** Nobody else can have it. */
  readonly isCertain: boolean;
}

export class WantedTraces {
  readonly #capacity: number;
  readonly #patienceMs: number;
  /** Oldest first. */
  readonly #wanted = new Map<string, Wanted>();
  /** Given up without having been seen. */
  missed = 0;

  constructor(capacity: number, patienceMs: number) {
    this.#capacity = capacity;
    this.#patienceMs = patienceMs;
  }

  get size(): number {
    return this.#wanted.size;
  }

  add(traceId: string, nowMs: number, isCertain: boolean): void {
    this.expire(nowMs);
    // Asked for again, it is the newest.
    this.#wanted.delete(traceId);
    if (this.#wanted.size < this.#capacity)
      this.#wanted.set(traceId, { untilMs: nowMs + this.#patienceMs, isCertain });
    else if (isCertain) this.missed++;
  }

  /** True when the trace was asked for; it is then no longer wanted. */
  take(traceId: string): boolean {
    return this.#wanted.delete(traceId);
  }

  expire(nowMs: number): void {
    for (const [traceId, { untilMs, isCertain }] of this.#wanted) {
      if (untilMs > nowMs) return;
      this.#wanted.delete(traceId);
      if (isCertain) this.missed++;
    }
  }
}
