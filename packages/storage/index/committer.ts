/**
 * Group commit of one mountpath's index. Operations that arrive while a transaction is being flushed go into the next
 * one together, so concurrent writers share one flush, and each operation reads what the one before it wrote.
 */
import { AisError, errorText, isAisError } from "@ais/base/errors.ts";
import type { RootDatabase } from "lmdb";
import type { StorageCounters } from "../counters.ts";
import type { StorageFaults } from "../faults.ts";
import { availableBytes } from "../free-space.ts";
import type { MountpathPresence } from "../presence.ts";
import { toStorageError } from "../storage-error.ts";

const EIO_NUMBER = 5;
/** With less than this a short write is no wonder. */
const FULL_DISK_BYTES = 1024 * 1024;

/**
 * Runs inside the transaction, on this thread, and must not wait. It may throw only before it has changed anything, and
 * then it alone fails. Errors of LMDB's own writes make the commit fail, and with it every operation of the batch.
 */
export type IndexOperation<T> = () => T;

export interface Committed<T> {
  readonly value: T;
  /** Operations that shared the transaction. */
  readonly batchSize: number;
  /** Until the transaction began: the one before it was being flushed. */
  readonly queueMs: number;
}

interface Pending {
  readonly run: IndexOperation<unknown>;
  readonly resolve: (committed: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
  readonly queuedMs: number;
  outcome: { readonly value: unknown } | { readonly error: unknown } | null;
}

interface Batch {
  readonly operations: readonly Pending[];
  readonly beganMs: number;
}

export class Committer {
  readonly #root: RootDatabase<Uint8Array, Uint8Array>;
  readonly #presence: MountpathPresence;
  readonly #faults: StorageFaults;
  readonly #counters: StorageCounters;
  readonly #batchLimitCount: number;
  readonly #queue: Pending[] = [];
  #draining: Promise<void> | null = null;

  constructor(
    root: RootDatabase<Uint8Array, Uint8Array>,
    presence: MountpathPresence,
    faults: StorageFaults,
    counters: StorageCounters,
    batchLimitCount: number,
  ) {
    this.#root = root;
    this.#presence = presence;
    this.#faults = faults;
    this.#counters = counters;
    this.#batchLimitCount = batchLimitCount;
  }

  /** Resolves when the operation's transaction is committed and flushed; a reader sees it from then on. */
  commit<T>(run: IndexOperation<T>): Promise<Committed<T>> {
    return new Promise<Committed<unknown>>((resolve, reject) => {
      this.#queue.push({ run, resolve, reject, queuedMs: performance.now(), outcome: null });
      this.#draining ??= this.#drain();
    }) as Promise<Committed<T>>;
  }

  /** Resolves when nothing is queued or being committed. */
  async idle(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
  }

  async #drain(): Promise<void> {
    // Let everything that this turn of the event loop brings join the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const { operations, beganMs } = await this.#commitBatch();
      for (const pending of operations) settle(pending, operations.length, beganMs - pending.queuedMs);
    }
    this.#draining = null;
  }

  async #commitBatch(): Promise<Batch> {
    let batch: readonly Pending[] = [];
    let beganMs = 0;
    try {
      this.#presence.require();
      await this.#faults.beforeCommit(Math.min(this.#queue.length, this.#batchLimitCount));
      const committed = this.#root.transaction(() => {
        // Taken only now: what was queued while the previous transaction was being flushed is in.
        batch = this.#queue.splice(0, this.#batchLimitCount);
        beganMs = performance.now();
        for (const pending of batch) runOperation(pending);
      });
      // The flush of exactly this transaction. LMDB resolves both together today; durability must not rest on that.
      const flushed = this.#root.flushed.then(() => {});
      flushed.catch(() => {});
      await committed;
      await flushed;
      // What was flushed into a file that has no name any more is gone with the process.
      this.#presence.require();
      await this.#faults.afterFlush?.(this.#presence.mountpath);
      this.#counters.commitBatches += 1;
      this.#counters.commitOperations += batch.length;
    } catch (error) {
      if (batch.length === 0) batch = this.#queue.splice(0, this.#batchLimitCount);
      const failure = commitFailure(await rootCause(error), this.#presence);
      for (const pending of batch) pending.outcome = { error: failure };
    }
    return { operations: batch, beganMs };
  }
}

function runOperation(pending: Pending): void {
  try {
    pending.outcome = { value: pending.run() };
  } catch (error) {
    pending.outcome = { error };
  }
}

function settle(pending: Pending, batchSize: number, queueMs: number): void {
  if (pending.outcome === null) pending.reject(new Error("index operation did not run"));
  else if ("error" in pending.outcome) pending.reject(pending.outcome.error);
  else pending.resolve({ value: pending.outcome.value, batchSize, queueMs });
}

/** A disk that is nearly full takes part of a write, which LMDB reports as an input/output error. */
function commitFailure(cause: unknown, presence: MountpathPresence): AisError {
  const action = "commit to the object index";
  if (isAisError(cause)) return cause;
  if (!presence.isThere()) return presence.goneError(cause);
  const isShortWrite = (cause as { code?: unknown } | null)?.code === EIO_NUMBER;
  if (isShortWrite && availableBytes(presence.mountpath) < FULL_DISK_BYTES) {
    return new AisError("outOfSpace", `failed to ${action}: no space left on the device`, { cause });
  }
  return toStorageError(action, cause);
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
