/**
 * Leases of all processes. There is no server to expire them: whichever process notices does it, in a write transaction.
 * A lease ends when such a sweep removes it and not before, so that one that is renewed late but unnoticed lives on.
 */
import type { Database, Statement } from "bun:sqlite";
import { randomUUID } from "node:crypto";
import type { MachineClock } from "./machine-clock.ts";

export class LeaseTable {
  readonly #clock: MachineClock;
  readonly #insert: Statement;
  readonly #extend: Statement;
  readonly #remove: Statement;
  readonly #exists: Statement<{ id: string }, [string]>;
  readonly #anyExpired: Statement<{ id: string }>;
  readonly #expired: Statement<{ id: string }>;

  constructor(db: Database, clock: MachineClock) {
    this.#clock = clock;
    this.#insert = db.query("INSERT INTO leases (id, boot_id, ttl_ms, expires_at_ms) VALUES (?, ?, ?, ?)");
    this.#extend = db.query("UPDATE leases SET expires_at_ms = ? WHERE id = ? AND boot_id = ? RETURNING id");
    this.#remove = db.query("DELETE FROM leases WHERE id = ?");
    this.#exists = db.query("SELECT id FROM leases WHERE id = ?");
    const expired = "SELECT id FROM leases WHERE expires_at_ms <= $nowMs OR boot_id <> $bootId";
    this.#anyExpired = db.query(`${expired} LIMIT 1`);
    this.#expired = db.query(`${expired} ORDER BY expires_at_ms, id`);
  }

  /** Returns the id. */
  insert(ttlMs: number): string {
    const id = randomUUID();
    this.#insert.run(id, this.#clock.bootId, ttlMs, this.#expiryMs(ttlMs));
    return id;
  }

  /** False when the lease is gone. */
  extend(id: string, ttlMs: number): boolean {
    return this.#extend.get(this.#expiryMs(ttlMs), id, this.#clock.bootId) !== null;
  }

  exists(id: string): boolean {
    return this.#exists.get(id) !== null;
  }

  remove(id: string): void {
    this.#remove.run(id);
  }

  anyExpired(nowMs: number): boolean {
    return this.#anyExpired.get({ nowMs, bootId: this.#clock.bootId }) !== null;
  }

  expired(): readonly string[] {
    const now = { nowMs: this.#clock.nowMs(), bootId: this.#clock.bootId };
    return this.#expired.all(now).map(({ id }) => id);
  }

  /** Rounded up, so that a lease never ends before its owner, who has a finer clock, stops relying on it. */
  #expiryMs(ttlMs: number): number {
    return this.#clock.nowMs() + this.#clock.resolutionMs + ttlMs;
  }
}
