/**
 * Group commit of one mountpath's index. Operations that one turn of the event loop brings go into one transaction, and
 * each operation reads what the one before it wrote. A transaction is in the page cache when it is committed, which the
 * end of the process does not harm; whoever wants more waits for the flusher, together with others.
 */
import { AisError, isAisError } from "@ais/base/errors.ts";
import type { RootDatabase, TransactionFlags } from "lmdb";
import type { StorageCounters } from "../counters.ts";
import type { StorageFaults } from "../faults.ts";
import { availableBytes } from "../free-space.ts";
import type { MountpathPresence } from "../presence.ts";
import { toStorageError } from "../storage-error.ts";
import type { Durability } from "../types.ts";
import type { IndexFlusher } from "./flusher.ts";

const EIO_NUMBER = 5;
/** With less than this a short write is no wonder. */
const FULL_DISK_BYTES = 1024 * 1024;
/** LMDB's `SYNCHRONOUS_COMMIT` and `NO_SYNC_FLUSH`: committed when the call returns, and left to the flusher. */
const COMMIT_WITHOUT_FLUSH = (0x2 | 0x10000) as TransactionFlags;

/**
 * Runs inside the transaction, on this thread, and must not wait. It may throw only before it has changed anything, and
 * then it alone fails. Errors of LMDB's own writes make the commit fail, and with it every operation of the batch.
 */
export type IndexOperation<T> = () => T;

export interface Committed<T> {
  readonly value: T;
  /** Operations that shared the transaction. */
  readonly batchSize: number;
  /** Until the transaction began. */
  readonly queueMs: number;
}

interface Pending {
  readonly run: IndexOperation<unknown>;
  readonly durability: Durability;
  readonly resolve: (committed: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
  readonly queuedMs: number;
  outcome: { readonly value: unknown } | { readonly error: unknown } | null;
}

export interface CommitterOptions {
  readonly root: RootDatabase<Uint8Array, Uint8Array>;
  readonly flusher: IndexFlusher;
  /** Bytes written since the last call. */
  readonly takeWrittenBytes: () => number;
  readonly presence: MountpathPresence;
  readonly faults: StorageFaults;
  readonly counters: StorageCounters;
  readonly batchLimitCount: number;
}

export class Committer {
  readonly #options: CommitterOptions;
  #queue: Pending[] = [];
  /** Of those in the queue, who do not wait for a flush. */
  #hastyCount = 0;
  #hastyArrived: (() => void) | null = null;
  #draining: Promise<void> | null = null;
  /** Batches that wait for their flush. */
  readonly #flushing = new Set<Promise<void>>();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Resolves when the operation's transaction is committed, and flushed if so wanted. Readers see it from the commit on. */
  commit<T>(run: IndexOperation<T>, durability: Durability): Promise<Committed<T>> {
    return new Promise<Committed<unknown>>((resolve, reject) => {
      this.#queue.push({ run, durability, resolve, reject, queuedMs: performance.now(), outcome: null });
      if (durability === "os") {
        this.#hastyCount += 1;
        this.#hastyArrived?.();
      }
      this.#draining ??= this.#drain();
    }) as Promise<Committed<T>>;
  }

  /** Resolves when nothing is queued or waits for a flush. */
  async idle(): Promise<void> {
    while (this.#draining !== null || this.#flushing.size > 0) {
      await this.#draining;
      await Promise.all(this.#flushing);
    }
  }

  async #drain(): Promise<void> {
    // Let everything that this turn of the event loop brings join the batch.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      await this.#companions();
      await this.#commitBatch();
    }
    this.#draining = null;
  }

  /**
   * While everyone in the queue wants a flush and another one is under way, a commit would serve nobody: those who come
   * until that ends go along, in one transaction, which writes far fewer pages than several.
   */
  async #companions(): Promise<void> {
    const busy = this.#hastyCount === 0 ? this.#options.flusher.underWay() : null;
    if (busy === null) return;
    const hasty = new Promise<void>((resolve) => {
      this.#hastyArrived = resolve;
    });
    await Promise.race([busy, hasty]);
    this.#hastyArrived = null;
  }

  async #commitBatch(): Promise<void> {
    const { flusher, presence, faults, counters, batchLimitCount } = this.#options;
    let batch: readonly Pending[] = [];
    let beganMs = 0;
    try {
      const room = flusher.room();
      if (room !== null) await room;
      const delayed = faults.beforeCommit(Math.min(this.#queue.length, batchLimitCount));
      if (delayed !== undefined) await delayed;
      presence.require();
      batch = this.#takeBatch();
      beganMs = performance.now();
      this.#options.root.transactionSync(() => {
        for (const pending of batch) runOperation(pending);
      }, COMMIT_WITHOUT_FLUSH);
      presence.require();
      counters.commitBatches += 1;
      counters.commitOperations += batch.length;
      flusher.committed(this.#options.takeWrittenBytes());
    } catch (error) {
      this.#options.takeWrittenBytes();
      if (batch.length === 0) batch = this.#takeBatch();
      failAll(batch, commitFailure(error, presence));
    }
    const unflushed: Pending[] = [];
    for (const pending of batch) {
      if (pending.durability === "os") settle(pending, batch.length, beganMs);
      else unflushed.push(pending);
    }
    if (unflushed.length > 0) this.#settleFlushed(unflushed, batch.length, beganMs);
  }

  #takeBatch(): readonly Pending[] {
    const { batchLimitCount } = this.#options;
    const batch = this.#queue;
    this.#queue = batch.length > batchLimitCount ? batch.splice(batchLimitCount) : [];
    for (const { durability } of batch) if (durability === "os") this.#hastyCount -= 1;
    return batch;
  }

  #settleFlushed(batch: readonly Pending[], batchSize: number, beganMs: number): void {
    const { flusher, presence } = this.#options;
    const settleAll = (): void => {
      this.#flushing.delete(flushing);
      for (const pending of batch) settle(pending, batchSize, beganMs);
    };
    const flushing = flusher.flushed().then(settleAll, (error: unknown) => {
      failAll(batch, commitFailure(error, presence));
      settleAll();
    });
    this.#flushing.add(flushing);
  }
}

function failAll(batch: readonly Pending[], error: AisError): void {
  for (const pending of batch) pending.outcome = { error };
}

function runOperation(pending: Pending): void {
  try {
    pending.outcome = { value: pending.run() };
  } catch (error) {
    pending.outcome = { error };
  }
}

function settle(pending: Pending, batchSize: number, beganMs: number): void {
  const { outcome, queuedMs } = pending;
  if (outcome === null) pending.reject(new Error("index operation did not run"));
  else if ("error" in outcome) pending.reject(outcome.error);
  else pending.resolve({ value: outcome.value, batchSize, queueMs: beganMs - queuedMs });
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
