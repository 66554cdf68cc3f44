import { statfsSync } from "node:fs";
import type { Clock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import type { StorageCounters } from "./counters.ts";

/** How long one look at the file system is good for: many small PUTs share it, a fast disk cannot fill in it. */
const LOOK_MS = 100;

/** What this process may still write on the file system of `path`. */
export function availableBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

/**
 * Refuses PUTs while a mountpath is nearly full. What it keeps free is needed by deletions, because an index
 * transaction writes new pages before it gives old ones back.
 */
export class FreeSpace {
  readonly #path: string;
  readonly #reservedBytes: number;
  readonly #clock: Clock;
  readonly #counters: StorageCounters;
  #availableBytes = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, reservedBytes: number, clock: Clock, counters: StorageCounters) {
    this.#path = path;
    this.#reservedBytes = reservedBytes;
    this.#clock = clock;
    this.#counters = counters;
  }

  /** True when `wantedBytes` more leave the reserve untouched. */
  has(wantedBytes: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lookedAtMs >= LOOK_MS) {
      this.#availableBytes = availableBytes(this.#path);
      this.#lookedAtMs = nowMs;
    }
    return this.#availableBytes - wantedBytes >= this.#reservedBytes;
  }

  /** Something was removed: what was seen before counts no more. */
  lookAgain(): void {
    this.#lookedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Throws `outOfSpace` when `wantedBytes` more would touch the reserve. */
  admit(wantedBytes: number, action: string): void {
    if (this.has(wantedBytes)) return;
    this.#counters.limitHitsFreeSpace += 1;
    throw new AisError(
      "outOfSpace",
      `failed to ${action}: no space left, ${this.#availableBytes} bytes are free and ${this.#reservedBytes} are reserved`,
      { limit: "free_space" },
    );
  }
}
