/**
 * The one seam to the store of cluster metadata (design.md 4). Every driver passes `coordinator.case-suite.ts`.
 * A store that cannot be reached, is locked for too long, full or gone answers every call with AisError `unavailable`;
 * an instance recovers by itself when its store does.
 */

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Revision of the last change of this key; greater than every revision before it, over all keys. */
  readonly revision: number;
}

export type CoordinatorEvent =
  | { readonly kind: "put"; readonly entry: KeyValue }
  | { readonly kind: "delete"; readonly key: string; readonly revision: number };

/** What the caller believes: `absent`, or the revision it read. `any` overwrites. */
export type Expectation = "absent" | "any" | { readonly revision: number };

export interface Lease {
  readonly id: string;
  readonly ttlMs: number;
  /** Extends the lease by its ttl. False when it has already expired: its keys are gone, take a new one. */
  renew(): Promise<boolean>;
  /** Deletes the lease and its keys. */
  revoke(): Promise<void>;
}

export interface Coordinator extends AsyncDisposable {
  get(key: string): Promise<KeyValue | null>;
  /** In order of the UTF-8 bytes of the keys. */
  list(prefix: string): Promise<readonly KeyValue[]>;
  /**
   * Null when the expectation did not hold; nothing changed then. With a lease the key goes when the lease does, without
   * one it stays. Throws `LeaseExpiredError` when the lease is gone already.
   */
  put(key: string, value: string, expected: Expectation, lease?: Lease): Promise<KeyValue | null>;
  /** False when the expectation did not hold or the key was absent. */
  delete(key: string, expected: Expectation): Promise<boolean>;
  grantLease(ttlMs: number): Promise<Lease>;
  /**
   * Every change of keys under `prefix` after `fromRevision`, in order, once each, until the signal aborts. Changes that
   * expiry causes are among them. Throws `CompactedError` when history after `fromRevision` is gone: list and start again.
   */
  watch(prefix: string, fromRevision: number, signal: AbortSignal): AsyncIterable<CoordinatorEvent>;
  /** Revision of the newest change. */
  revision(): Promise<number>;
}

export class CompactedError extends Error {
  override readonly name = "CompactedError";
}

export class LeaseExpiredError extends Error {
  override readonly name = "LeaseExpiredError";
}
