/**
 * Group commit to an index that several processes have open. LMDB flushes each transaction before any process sees it, on
 * a thread of its own: what one process knows of flushes the others do not, so none may build on what is not flushed yet.
 * Operations that arrive meanwhile go into the next transaction together.
 */
import { errorText } from "@ais/base/errors.ts";
import type { Durability } from "../types.ts";
import type { CommitGate } from "./commit-gate.ts";
import type { CommitterOptions } from "./committer.ts";
import {
  type Commits,
  type Committed,
  commitFailure,
  failAll,
  type IndexOperation,
  type Pending,
  runOperation,
  settle,
} from "./index-operation.ts";

export interface SharedCommitterOptions extends Omit<CommitterOptions, "flusher" | "takeWrittenBytes"> {
  readonly gate: CommitGate;
}

interface Batch {
  readonly operations: readonly Pending[];
  readonly beganMs: number;
}

export class SharedCommitter implements Commits {
  readonly #options: SharedCommitterOptions;
  readonly #queue: Pending[] = [];
  #draining: Promise<void> | null = null;

  constructor(options: SharedCommitterOptions) {
    this.#options = options;
  }

  /** Resolves when the operation's transaction is committed and flushed, whatever the durability; seen from then on. */
  commit<T>(run: IndexOperation<T>, durability: Durability): Promise<Committed<T>> {
    return new Promise<Committed<unknown>>((resolve, reject) => {
      this.#queue.push({ run, durability, resolve, reject, queuedMs: performance.now(), outcome: null });
      this.#draining ??= this.#drain();
    }) as Promise<Committed<T>>;
  }

  async idle(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
  }

  async #drain(): Promise<void> {
    // Let everything that this turn of the event loop brings join the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const { operations, beganMs } = await this.#commitBatch();
      for (const pending of operations) settle(pending, operations.length, beganMs);
    }
    this.#draining = null;
  }

  async #commitBatch(): Promise<Batch> {
    const { root, presence, faults, counters, batchLimitCount, gate } = this.#options;
    let batch: readonly Pending[] = [];
    let beganMs = 0;
    let isIn = false;
    try {
      await gate.enter();
      isIn = true;
      presence.require();
      await faults.beforeCommit(Math.min(this.#queue.length, batchLimitCount));
      const committed = root.transaction(() => {
        // Taken only now: what was queued while the previous transaction was being flushed is in.
        batch = this.#queue.splice(0, batchLimitCount);
        beganMs = performance.now();
        for (const pending of batch) runOperation(pending);
      });
      // The flush of exactly this transaction. LMDB resolves both together today; durability must not rest on that.
      const flushed = root.flushed.then(() => {});
      flushed.catch(() => {});
      await committed;
      await flushed;
      // What was flushed into a file that has no name any more is gone with the process.
      presence.require();
      await faults.afterFlush?.(presence.mountpath);
      counters.commitBatches += 1;
      counters.commitOperations += batch.length;
      counters.indexFlushes += 1;
    } catch (error) {
      if (batch.length === 0) batch = this.#queue.splice(0, batchLimitCount);
      failAll(batch, commitFailure(await rootCause(error), presence));
    } finally {
      if (isIn) gate.leave();
    }
    return { operations: batch, beganMs };
  }
}

/** LMDB keeps the reason of a failed commit in a promise beside the error; left alone it would end the process. */
async function rootCause(error: unknown): Promise<unknown> {
  const { commitError } = (error ?? {}) as { commitError?: Promise<unknown> };
  if (commitError === undefined) return error;
  const reason = await commitError.then(
    () => error,
    (cause: unknown) => cause,
  );
  return reason instanceof Error ? reason : new Error(errorText(reason), { cause: error });
}
