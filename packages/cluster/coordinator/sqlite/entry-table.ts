/** The keys and values. Every method runs inside a transaction; changes go to the log with them. */
import type { Database, Statement } from "bun:sqlite";
import type { Expectation, KeyValue } from "../coordinator.ts";
import type { ChangeLog } from "./change-log.ts";
import { prefixEnd } from "./key-range.ts";

export class EntryTable {
  readonly #log: ChangeLog;
  readonly #get: Statement<KeyValue, [string]>;
  readonly #list: Statement<KeyValue>;
  readonly #put: Statement;
  readonly #delete: Statement;
  readonly #keysOfLease: Statement<{ key: string }, [string]>;

  constructor(db: Database, log: ChangeLog) {
    this.#log = log;
    this.#get = db.query("SELECT key, value, revision FROM entries WHERE key = ?");
    this.#list = db.query(
      "SELECT key, value, revision FROM entries WHERE key >= $from AND ($to IS NULL OR key < $to) ORDER BY key",
    );
    this.#put = db.query(
      `INSERT INTO entries (key, value, revision, lease_id) VALUES (?, ?, ?, ?) ON CONFLICT (key)
       DO UPDATE SET value = excluded.value, revision = excluded.revision, lease_id = excluded.lease_id`,
    );
    this.#delete = db.query("DELETE FROM entries WHERE key = ?");
    this.#keysOfLease = db.query("SELECT key FROM entries WHERE lease_id = ? ORDER BY key");
  }

  get(key: string): KeyValue | null {
    return this.#get.get(key);
  }

  list(prefix: string): readonly KeyValue[] {
    return this.#list.all({ from: prefix, to: prefixEnd(prefix) });
  }

  put(
    key: string,
    value: string,
    valueBytes: number,
    expected: Expectation,
    leaseId: string | null,
  ): KeyValue | null {
    if (!holds(expected, this.#get.get(key))) return null;
    const revision = this.#log.append(key, value, valueBytes);
    this.#put.run(key, value, revision, leaseId);
    return { key, value, revision };
  }

  delete(key: string, expected: Expectation): boolean {
    const current = this.#get.get(key);
    if (current === null || !holds(expected, current)) return false;
    this.#remove(key);
    return true;
  }

  deleteOfLease(leaseId: string): void {
    for (const { key } of this.#keysOfLease.all(leaseId)) this.#remove(key);
  }

  #remove(key: string): void {
    this.#log.append(key, null, 0);
    this.#delete.run(key);
  }
}

function holds(expected: Expectation, current: KeyValue | null): boolean {
  if (expected === "any") return true;
  if (expected === "absent") return current === null;
  return current?.revision === expected.revision;
}
