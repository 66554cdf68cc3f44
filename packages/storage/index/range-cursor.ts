import { successorOfPrefix } from "./key.ts";
import type { IndexEntry, ObjectIndex } from "./object-index.ts";

const FIRST_BATCH_COUNT = 16;
const LAST_BATCH_COUNT = 256;

/**
 * Walks one index in key order in batches that grow while the walk is sequential, so that a walk that jumps from
 * directory to directory does not read what it jumps over. Holds no LMDB cursor between calls.
 */
export class RangeCursor {
  readonly #index: ObjectIndex;
  readonly #end: Uint8Array | null;
  #batch: readonly IndexEntry[] = [];
  #place = 0;
  #batchCount = FIRST_BATCH_COUNT;
  #next: { readonly key: Uint8Array; readonly exclusive: boolean } | null;

  /** From `start` (or after it) to the last key that starts with `prefix`. */
  constructor(index: ObjectIndex, prefix: Uint8Array, start: Uint8Array, exclusive: boolean) {
    this.#index = index;
    this.#end = successorOfPrefix(prefix);
    this.#next = { key: start, exclusive };
  }

  /** The entry that the cursor is at; null at the end. */
  peek(): IndexEntry | null {
    if (this.#place >= this.#batch.length && this.#next !== null) this.#refill(this.#next);
    return this.#batch[this.#place] ?? null;
  }

  advance(): void {
    this.#place += 1;
  }

  /** To the first key at or after `key`; null is the end. */
  seek(key: Uint8Array | null): void {
    while (this.#place < this.#batch.length) {
      const at = this.#batch[this.#place];
      if (at !== undefined && key !== null && Buffer.compare(at.key, key) >= 0) return;
      this.#place += 1;
    }
    // Otherwise what was read last was the end of the range.
    if (this.#next !== null) this.#next = key === null ? null : { key, exclusive: false };
    this.#batchCount = FIRST_BATCH_COUNT;
  }

  #refill(from: { readonly key: Uint8Array; readonly exclusive: boolean }): void {
    this.#batch = this.#index.scan(from.key, from.exclusive, this.#end, this.#batchCount);
    this.#place = 0;
    const last = this.#batch.at(-1);
    const full = this.#batch.length === this.#batchCount;
    this.#next = full && last !== undefined ? { key: last.key, exclusive: true } : null;
    this.#batchCount = Math.min(this.#batchCount * 2, LAST_BATCH_COUNT);
  }
}
