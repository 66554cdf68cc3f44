import { AisError } from "@ais/base/errors.ts";
import type { StorageCounters } from "../counters.ts";
import type { StorageLimits } from "../limits.ts";

/** Admits PUTs while the memory and the open files that they need are within the limits. */
export class Admission {
  readonly #limits: StorageLimits;
  readonly #counters: StorageCounters;

  constructor(limits: StorageLimits, counters: StorageCounters) {
    this.#limits = limits;
    this.#counters = counters;
  }

  /** Memory for one body. Throws `tooManyRequests`; dispose the result when the body has been dealt with. */
  admitReceive(bufferBytes: number): Disposable {
    const { receiveBufferBytes } = this.#limits;
    const wanted = this.#counters.receiveBufferBytes + bufferBytes;
    if (wanted > receiveBufferBytes) {
      this.#counters.limitHitsReceiveBuffer += 1;
      throw new AisError(
        "tooManyRequests",
        `too much is being received: ${wanted} bytes of buffers, the limit is ${receiveBufferBytes}`,
      );
    }
    this.#counters.receiveBufferBytes = wanted;
    return {
      [Symbol.dispose]: () => {
        this.#counters.receiveBufferBytes -= bufferBytes;
      },
    };
  }

  /** One object file being written. Throws `tooManyRequests`. */
  admitFile(): Disposable {
    const { openWriteCount } = this.#limits;
    if (this.#counters.openWrites >= openWriteCount) {
      this.#counters.limitHitsOpenWrites += 1;
      throw new AisError(
        "tooManyRequests",
        `${openWriteCount} objects are being written, which is the limit`,
      );
    }
    this.#counters.openWrites += 1;
    return {
      [Symbol.dispose]: () => {
        this.#counters.openWrites -= 1;
      },
    };
  }
}
