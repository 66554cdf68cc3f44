/** What is done in index transactions, and how who asked for it hears of the end. */
import { AisError, isAisError } from "@ais/base/errors.ts";
import { availableBytes } from "../free-space.ts";
import type { MountpathPresence } from "../presence.ts";
import { toStorageError } from "../storage-error.ts";
import type { Durability } from "../types.ts";

const EIO_NUMBER = 5;
/** With less than this a short write is no wonder. */
const FULL_DISK_BYTES = 1024 * 1024;

/** Group commit of one mountpath's index. */
export interface Commits {
  /** Resolves when the operation's transaction is committed, and flushed if so wanted. */
  commit<T>(run: IndexOperation<T>, durability: Durability): Promise<Committed<T>>;
  /** Resolves when nothing is queued or waits for a flush. */
  idle(): Promise<void>;
}

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

export interface Pending {
  readonly run: IndexOperation<unknown>;
  readonly durability: Durability;
  readonly resolve: (committed: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
  readonly queuedMs: number;
  outcome: { readonly value: unknown } | { readonly error: unknown } | null;
}

export function failAll(batch: readonly Pending[], error: AisError): void {
  for (const pending of batch) pending.outcome = { error };
}

export function runOperation(pending: Pending): void {
  try {
    pending.outcome = { value: pending.run() };
  } catch (error) {
    pending.outcome = { error };
  }
}

export function settle(pending: Pending, batchSize: number, beganMs: number): void {
  const { outcome, queuedMs } = pending;
  if (outcome === null) pending.reject(new Error("index operation did not run"));
  else if ("error" in outcome) pending.reject(outcome.error);
  else pending.resolve({ value: outcome.value, batchSize, queueMs: beganMs - queuedMs });
}

/** A disk that does not say is not known to be full. */
function isNearlyFull(path: string): boolean {
  try {
    return availableBytes(path) < FULL_DISK_BYTES;
  } catch {
    return false;
  }
}

/** A disk that is nearly full takes part of a write, which LMDB reports as an input/output error. */
export function commitFailure(cause: unknown, presence: MountpathPresence): AisError {
  const action = "commit to the object index";
  if (isAisError(cause)) return cause;
  if (!presence.isThere()) return presence.goneError(cause);
  const isShortWrite = (cause as { code?: unknown } | null)?.code === EIO_NUMBER;
  if (isShortWrite && isNearlyFull(presence.mountpath)) {
    return new AisError("outOfSpace", `failed to ${action}: no space left on the device`, { cause });
  }
  return toStorageError(action, cause);
}
