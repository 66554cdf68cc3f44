import { AisError } from "@ais/base/errors.ts";

/** Values inside values; collectors stop well before. */
const MAX_DEPTH = 32;
/** An empty message takes two bytes on the wire and a hundred in memory, so their number is bounded too. */
const MAX_ITEMS = 1_000_000;

/** What one request may make of its bytes. */
export class DecodeBudget {
  readonly #maxItems: number;
  #items = 0;

  constructor(maxItems = MAX_ITEMS) {
    this.#maxItems = maxItems;
  }

  /** Counts a message, attribute or value. */
  item(): void {
    if (++this.#items > this.#maxItems) {
      throw new AisError("badRequest", `OTLP message has over ${this.#maxItems} items`);
    }
  }

  /** Counts a value and checks how deep it lies. */
  value(depth: number): void {
    this.item();
    if (depth > MAX_DEPTH) {
      throw new AisError("badRequest", `OTLP value is nested deeper than ${MAX_DEPTH}`);
    }
  }
}
