/** What a search needs to know of a span to rank its trace. */
export interface FoundSpan {
  readonly trace: number;
  readonly start_us: number;
  readonly duration_ns: number;
}

/** The traces that a search has found so far: no more than about as many as are wanted. */
export interface FoundTraces {
  /** Each stream has its spans in order of their start, the latest first. */
  beginStream(): void;
  /** False: the span changes nothing, so that its tags need not be read. */
  wants(span: FoundSpan): boolean;
  add(span: FoundSpan): void;
  /** Nothing that the stream still has can matter. */
  isFull(): boolean;
  /** Trace numbers, the best first. */
  best(): number[];
}

export class LatestTraces implements FoundTraces {
  readonly #limit: number;
  readonly #latest = new Map<number, number>();
  #ofStream = new Set<number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  beginStream(): void {
    this.#ofStream = new Set();
  }

  wants({ trace }: FoundSpan): boolean {
    return !this.#ofStream.has(trace);
  }

  add({ trace, start_us }: FoundSpan): void {
    this.#ofStream.add(trace);
    this.#latest.set(trace, Math.max(this.#latest.get(trace) ?? 0, start_us));
  }

  isFull(): boolean {
    return this.#ofStream.size >= this.#limit;
  }

  best(): number[] {
    return largest(this.#latest, this.#limit).map(([trace]) => trace);
  }
}

/** By the longest span that fits. Every span of the window has to be looked at. */
export class LongestTraces implements FoundTraces {
  readonly #limit: number;
  #longest = new Map<number, number>();
  /** What does not last longer is not among the best. */
  #floorNs = -1;

  constructor(limit: number) {
    this.#limit = limit;
  }

  beginStream(): void {}

  wants({ trace, duration_ns }: FoundSpan): boolean {
    return duration_ns > this.#floorNs && duration_ns > (this.#longest.get(trace) ?? -1);
  }

  add({ trace, duration_ns }: FoundSpan): void {
    this.#longest.set(trace, duration_ns);
    if (this.#longest.size < 2 * this.#limit) return;
    const kept = largest(this.#longest, this.#limit);
    this.#longest = new Map(kept);
    this.#floorNs = kept.at(-1)?.[1] ?? -1;
  }

  isFull(): boolean {
    return false;
  }

  best(): number[] {
    return largest(this.#longest, this.#limit).map(([trace]) => trace);
  }
}

function largest(ranks: ReadonlyMap<number, number>, limit: number): [number, number][] {
  return [...ranks].sort((a, b) => b[1] - a[1]).slice(0, limit);
}
