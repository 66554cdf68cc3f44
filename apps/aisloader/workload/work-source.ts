import type { LoadOptions } from "../load-options.ts";
import type { EndedBy } from "../summary.ts";
import type { Catalog, Picker } from "./catalog.ts";
import { type Dice, PURPOSES } from "./dice.ts";
import { objectName } from "./object-names.ts";
import { objectSizeBytes } from "./object-sizes.ts";

export interface PutWork {
  readonly kind: "put";
  /** Number of this request in the run. */
  readonly position: number;
  /** Number of this object among those that are put. */
  readonly ordinal: number;
  readonly name: string;
  readonly sizeBytes: number;
}

export interface GetWork {
  readonly kind: "get";
  readonly position: number;
  readonly name: string;
  /** Put a new version of the same size afterwards. */
  readonly thenUpdate: boolean;
}

export type Work = PutWork | GetWork;

/** Catalogs keep ordinals in 32 bits. */
const ORDINAL_MAX = 2 ** 32 - 1;

/** Says what is to be done next, until one of the limits of the run is reached. */
export class WorkSource {
  readonly #options: LoadOptions;
  readonly #dice: Dice;
  readonly #catalog: Catalog;
  readonly #picker: Picker;
  readonly #deadlineMs: number;
  #position = 0;
  #ordinal = 0;
  #issuedPutBytes = 0;
  #endedBy: EndedBy | null = null;

  /** `deadlineMs` is of `performance.now`. */
  constructor(options: LoadOptions, dice: Dice, catalog: Catalog, picker: Picker, deadlineMs: number) {
    this.#options = options;
    this.#dice = dice;
    this.#catalog = catalog;
    this.#picker = picker;
    this.#deadlineMs = deadlineMs;
  }

  /** Why `next` gives no more; null while it may. */
  get endedBy(): EndedBy | null {
    return this.#endedBy;
  }

  end(reason: EndedBy): void {
    this.#endedBy ??= reason;
  }

  next(): Work | null {
    if (this.#endedBy === null && performance.now() >= this.#deadlineMs) this.end("duration");
    if (this.#endedBy !== null) return null;
    const position = this.#position++;
    return this.#isPut(position) ? this.#put(position) : this.#get(position);
  }

  #isPut(position: number): boolean {
    const { putPercent, epochs } = this.#options;
    if (putPercent === 100) return true;
    // A mixed load that starts with an empty bucket puts first, since nothing can be read.
    if (putPercent > 0 && epochs === 0 && this.#catalog.size === 0) return true;
    return this.#dice.below(100, PURPOSES.operation, position) < putPercent;
  }

  #put(position: number): PutWork | null {
    const { maxPuts, totalPutBytes, naming, sizes } = this.#options;
    if (maxPuts > 0 && this.#ordinal >= maxPuts) this.end("max-puts");
    else if (totalPutBytes > 0 && this.#issuedPutBytes >= totalPutBytes) this.end("total-put-size");
    else if (this.#ordinal > ORDINAL_MAX) this.end("max-puts");
    if (this.#endedBy !== null) return null;
    const ordinal = this.#ordinal++;
    const sizeBytes = objectSizeBytes(sizes, this.#dice, ordinal);
    this.#issuedPutBytes += sizeBytes;
    return { kind: "put", position, ordinal, name: objectName(naming, this.#dice, ordinal), sizeBytes };
  }

  #get(position: number): GetWork | null {
    const name = this.#picker.pick(position);
    if (name === null) {
      this.end("epochs");
      return null;
    }
    const thenUpdate = this.#dice.below(100, PURPOSES.update, position) < this.#options.updatePercent;
    return { kind: "get", position, name, thenUpdate };
  }
}
