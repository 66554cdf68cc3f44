/** Of a worker: when objects were read is the main process's to know, which evicts. It is told now and then, in batches. */
import type { RecentRead } from "@ais/node/workers/protocol.ts";
import type { ObjectKey } from "@ais/storage/types.ts";

const TELL_DELAY_MS = 1_000;
/** More reads than this between two tellings lose the oldest: they are what an eviction would take last but for newer ones. */
const UNTOLD_MAX_COUNT = 10_000;

export class ToldReads {
  readonly #tell: (reads: readonly RecentRead[]) => void;
  /** By object, oldest first. */
  readonly #untold = new Map<string, RecentRead>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(tell: (reads: readonly RecentRead[]) => void) {
    this.#tell = tell;
  }

  note(key: ObjectKey, atMs: number): void {
    const id = `${key.bucketId}/${key.objectName}`;
    this.#untold.delete(id);
    this.#untold.set(id, { key, atMs });
    if (this.#untold.size > UNTOLD_MAX_COUNT) {
      for (const oldest of this.#untold.keys()) {
        this.#untold.delete(oldest);
        break;
      }
    }
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#tell([...this.#untold.values()]);
      this.#untold.clear();
    }, TELL_DELAY_MS);
    this.#timer.unref();
  }

  /** Only who evicts asks. */
  lastReadMs(): number {
    return 0;
  }

  forget(): void {}
}
