import { type Dice, PURPOSES } from "./dice.ts";

const FIRST_CAPACITY = 1024;

/** The objects that may be read: names that were found, and numbers of objects that were put, whose names follow from them. */
export class Catalog {
  readonly #found: readonly string[];
  readonly #nameOf: (ordinal: number) => string;
  #put = new Uint32Array(FIRST_CAPACITY);
  #putCount = 0;

  constructor(found: readonly string[], nameOf: (ordinal: number) => string) {
    this.#found = found;
    this.#nameOf = nameOf;
  }

  get size(): number {
    return this.#found.length + this.#putCount;
  }

  get foundCount(): number {
    return this.#found.length;
  }

  get putOrdinals(): Uint32Array {
    return this.#put.subarray(0, this.#putCount);
  }

  /** Makes an object that was put readable. */
  add(ordinal: number): void {
    if (this.#putCount === this.#put.length) {
      const grown = new Uint32Array(2 * this.#put.length);
      grown.set(this.#put);
      this.#put = grown;
    }
    this.#put[this.#putCount++] = ordinal;
  }

  at(index: number): string {
    return this.#found[index] ?? this.#nameOf(this.#put[index - this.#found.length] ?? 0);
  }
}

/** Which object is read next: any, or with epochs every found one once before one comes again. */
export interface Picker {
  /** Null when there is nothing to read, now or any more. */
  pick(position: number): string | null;
}

export function randomPicker(catalog: Catalog, dice: Dice): Picker {
  return {
    pick: (position) =>
      catalog.size === 0 ? null : catalog.at(dice.below(catalog.size, PURPOSES.pick, position)),
  };
}

/** Ends after `epochs` passes over the found objects, each in an order of its own. */
export function epochPicker(catalog: Catalog, dice: Dice, epochs: number): Picker {
  const order = Uint32Array.from({ length: catalog.foundCount }, (_, index) => index);
  let epoch = -1;
  let next = order.length;
  return {
    pick() {
      if (next === order.length) {
        epoch++;
        if (epoch === epochs || order.length === 0) return null;
        shuffle(order, dice, epoch);
        next = 0;
      }
      return catalog.at(order[next++] ?? 0);
    },
  };
}

/** Fisher and Yates. */
function shuffle(order: Uint32Array, dice: Dice, epoch: number): void {
  for (let last = order.length - 1; last > 0; last--) {
    const other = dice.below(last + 1, PURPOSES.shuffle, epoch * order.length + last);
    const kept = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = kept;
  }
}
