/**
 * When objects were last read, of buckets that evict: stored times are of the last write, since a read that wrote would cost
 * more than the read. Bounded, and lost with the process; an object that is not known here was last used when it was written.
 */
import type { ObjectKey } from "@ais/storage/types.ts";

/** The oldest reads are forgotten beyond this. */
export const RECENT_READS_MAX_COUNT = 200_000;

export class RecentReads {
  readonly #maxCount: number;
  /** Oldest first. */
  readonly #readAtMs = new Map<string, number>();

  constructor(maxCount = RECENT_READS_MAX_COUNT) {
    this.#maxCount = maxCount;
  }

  note(key: ObjectKey, nowMs: number): void {
    const id = idOf(key);
    this.#readAtMs.delete(id);
    this.#readAtMs.set(id, nowMs);
    if (this.#readAtMs.size <= this.#maxCount) return;
    for (const oldest of this.#readAtMs.keys()) {
      this.#readAtMs.delete(oldest);
      return;
    }
  }

  /** Milliseconds since the epoch; 0 when it is not known. */
  lastReadMs(key: ObjectKey): number {
    return this.#readAtMs.get(idOf(key)) ?? 0;
  }

  forget(key: ObjectKey): void {
    this.#readAtMs.delete(idOf(key));
  }
}

function idOf({ bucketId, objectName }: ObjectKey): string {
  return `${bucketId}/${objectName}`;
}
