import { AisError } from "@ais/base/errors.ts";

export interface Share extends Disposable {
  /** Throws `tooManyRequests` when all bodies together would be too much. */
  readonly take: (bytes: number) => void;
}

/** Bounds what all requests together have sent of bodies that are not whole yet: a client may never send the rest. */
export class Receiving {
  readonly #maxBytes: number;
  readonly #onRefused: () => void;
  #bytes = 0;

  constructor(maxBytes: number, onRefused: () => void) {
    this.#maxBytes = maxBytes;
    this.#onRefused = onRefused;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of one request; gives everything back when it is disposed of. */
  share(): Share {
    let taken = 0;
    return {
      take: (bytes) => {
        if (this.#bytes + bytes > this.#maxBytes) {
          this.#onRefused();
          throw new AisError(
            "tooManyRequests",
            `too much is arriving: ${this.#bytes} of ${this.#maxBytes} bytes`,
          );
        }
        taken += bytes;
        this.#bytes += bytes;
      },
      [Symbol.dispose]: () => {
        this.#bytes -= taken;
        taken = 0;
      },
    };
  }
}
