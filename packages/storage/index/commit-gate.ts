/**
 * No process commits to an index while another one opens it. LMDB's open reads which transaction is the newest and then
 * notes it for all processes, without a lock: a transaction that is committed in between would be taken back, although
 * everybody was told that it is safe.
 *
 * Two flock(2) locks, which the kernel drops with their process: who commits has `committing` shared, who opens has it
 * exclusively. `opening` lets those who open go before: it is passed on the way in, so that commits which overlap for ever
 * cannot keep them out.
 */
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { releaseLock, takeLock } from "../flock.ts";
import { INDEX_LOCK_FILES } from "../on-disk-format.ts";

const RETRY_MS = 1;
/** A transaction takes as long as the disk does. */
const OPENING_WAIT_MS = 60_000;
/** Longer than anybody who opens waits for those who commit. */
const COMMITTING_WAIT_MS = 2 * OPENING_WAIT_MS;

export class CommitGate implements Disposable {
  readonly #opening: number;
  readonly #committing: number;

  /** Makes the locks when there are none yet. */
  constructor(indexDirectory: string) {
    this.#opening = openLockFile(indexDirectory, INDEX_LOCK_FILES.opening);
    this.#committing = openLockFile(indexDirectory, INDEX_LOCK_FILES.committing);
  }

  /** Resolves when this process may commit, until `leave`. Throws `unavailable` when somebody opens the index and does not get there. */
  async enter(): Promise<void> {
    const deadlineMs = performance.now() + COMMITTING_WAIT_MS;
    while (!this.#tryEnter()) await retryBefore(deadlineMs);
  }

  leave(): void {
    releaseLock(this.#committing);
  }

  /** Resolves when nobody commits, until what it resolved with is disposed of. Throws `unavailable` when that takes too long. */
  async close(): Promise<Disposable> {
    const deadlineMs = performance.now() + OPENING_WAIT_MS;
    await lockExclusively(this.#opening, deadlineMs);
    try {
      await lockExclusively(this.#committing, deadlineMs);
    } catch (error) {
      releaseLock(this.#opening);
      throw error;
    }
    return {
      [Symbol.dispose]: () => {
        releaseLock(this.#committing);
        releaseLock(this.#opening);
      },
    };
  }

  [Symbol.dispose](): void {
    closeSync(this.#opening);
    closeSync(this.#committing);
  }

  #tryEnter(): boolean {
    if (!takeLock(this.#opening, "shared")) return false;
    const isIn = takeLock(this.#committing, "shared");
    releaseLock(this.#opening);
    return isIn;
  }
}

function openLockFile(indexDirectory: string, name: string): number {
  // For writing, because the server takes the close of a file that was read for the end of a reply (read-quietly.ts).
  return openSync(join(indexDirectory, name), "a+");
}

async function lockExclusively(descriptor: number, deadlineMs: number): Promise<void> {
  while (!takeLock(descriptor)) await retryBefore(deadlineMs);
}

async function retryBefore(deadlineMs: number): Promise<void> {
  if (performance.now() > deadlineMs)
    throw new AisError("unavailable", "the index is locked by another process of this node for too long");
  await sleep(RETRY_MS);
}
