import type { FlightTrace } from "./flight-trace.ts";

/** The newest requests that ended and were not exported, bounded in number and in bytes. Looked through when one is wanted. */
export class FlightRing {
  readonly #slots: (FlightTrace | null)[];
  readonly #capacityBytes: number;
  /** Of the oldest. */
  #head = 0;
  #count = 0;
  #bytes = 0;

  constructor(capacityRequests: number, capacityBytes: number) {
    this.#slots = Array<FlightTrace | null>(capacityRequests).fill(null);
    this.#capacityBytes = capacityBytes;
  }

  get requests(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(flight: FlightTrace): void {
    if (this.#count === this.#slots.length) this.#evict();
    this.#slots[(this.#head + this.#count) % this.#slots.length] = flight;
    this.#count++;
    this.#bytes += flight.sizeBytes;
    this.#shrink();
  }

  /** A request that is here has become larger. */
  grew(bytes: number): void {
    this.#bytes += bytes;
    this.#shrink();
  }

  /** Takes out every request of these traces. One look through the ring, however many traces there are. */
  take(traceIds: ReadonlySet<string>): readonly FlightTrace[] {
    const words = new Set([...traceIds].map((id) => Number.parseInt(id.slice(24), 16) | 0));
    const found: FlightTrace[] = [];
    for (let i = 0; i < this.#count; i++) {
      const at = (this.#head + i) % this.#slots.length;
      const flight = this.#slots[at];
      if (flight === null || flight === undefined || !words.has(flight.word3 | 0)) continue;
      if (!traceIds.has(flight.traceId)) continue;
      // Its place stays empty until its turn to be evicted comes.
      this.#slots[at] = null;
      this.#bytes -= flight.sizeBytes;
      found.push(flight);
    }
    return found;
  }

  clear(): void {
    while (this.#count > 0) this.#evict();
  }

  #shrink(): void {
    while (this.#bytes > this.#capacityBytes && this.#count > 0) this.#evict();
  }

  #evict(): void {
    const flight = this.#slots[this.#head];
    this.#slots[this.#head] = null;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#count--;
    if (flight === null || flight === undefined) return;
    this.#bytes -= flight.sizeBytes;
    flight.forget();
  }
}
