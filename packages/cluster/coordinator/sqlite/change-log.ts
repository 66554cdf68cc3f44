/** The revision counter and the log of changes that watches read. Every method runs inside a transaction. */
import type { Database, Statement } from "bun:sqlite";
import { must } from "@ais/base/assert.ts";
import { CompactedError, type CoordinatorEvent } from "../coordinator.ts";
import { prefixEnd } from "./key-range.ts";
import type { MachineClock } from "./machine-clock.ts";

export interface ChangeLogLimits {
  /** The log keeps at most so many changes … */
  readonly maxChanges: number;
  /** … of at most so many bytes in sum … */
  readonly maxChangeBytes: number;
  /** … and none that is older. */
  readonly maxChangeAgeMs: number;
}

export interface ChangeBatch {
  readonly events: readonly CoordinatorEvent[];
  /** Where the next read goes on. */
  readonly nextRevision: number;
  readonly more: boolean;
}

interface State {
  readonly revision: number;
  readonly compacted_revision: number;
}

interface ChangeRow {
  readonly revision: number;
  readonly key: string;
  readonly value: string | null;
}

/** The log is allowed to exceed its limits by so many changes, so that most writes need not measure it. */
const COMPACTION_INTERVAL = 64;
const BATCH_SIZE = 64;

export class ChangeLog {
  readonly #limits: ChangeLogLimits;
  readonly #clock: MachineClock;
  readonly #state: Statement<State, []>;
  readonly #advance: Statement<{ revision: number }, []>;
  readonly #insert: Statement;
  readonly #read: Statement<ChangeRow>;
  readonly #cutoff: Statement<{ cutoff: number }>;
  readonly #trim: Statement;
  readonly #setCompacted: Statement;

  constructor(db: Database, clock: MachineClock, limits: ChangeLogLimits) {
    this.#limits = limits;
    this.#clock = clock;
    this.#state = db.query("SELECT revision, compacted_revision FROM state");
    this.#advance = db.query("UPDATE state SET revision = revision + 1 RETURNING revision");
    this.#insert = db.query(
      "INSERT INTO changes (revision, key, value, value_bytes, at_ms) VALUES (?, ?, ?, ?, ?)",
    );
    this.#read = db.query(
      `SELECT revision, key, value FROM changes
       WHERE revision > $after AND key >= $from AND ($to IS NULL OR key < $to) ORDER BY revision LIMIT ${BATCH_SIZE}`,
    );
    // Changes of an earlier boot carry times that can lie in the future; nobody is left who watches them.
    this.#cutoff = db.query(
      `SELECT max(
         $newest - $maxChanges,
         coalesce((SELECT max(revision) FROM changes WHERE at_ms < $oldestMs OR at_ms > $nowMs), 0),
         coalesce((SELECT max(revision) FROM (
           SELECT revision, sum(value_bytes) OVER (ORDER BY revision DESC) AS bytes FROM changes
         ) WHERE bytes > $maxBytes), 0)
       ) AS cutoff`,
    );
    this.#trim = db.query("DELETE FROM changes WHERE revision <= ?");
    this.#setCompacted = db.query("UPDATE state SET compacted_revision = ?");
  }

  revision(): number {
    return this.#readState().revision;
  }

  /** Takes the next revision and logs the change under it. A null value is a deletion. */
  append(key: string, value: string | null, valueBytes: number): number {
    const { revision } = must(this.#advance.get(), "the state row is missing");
    const nowMs = this.#clock.nowMs();
    this.#insert.run(revision, key, value, valueBytes, nowMs);
    const large = valueBytes > this.#limits.maxChangeBytes / COMPACTION_INTERVAL;
    if (large || revision % COMPACTION_INTERVAL === 0) this.#compact(revision, nowMs);
    return revision;
  }

  /** Changes after `revision` of keys under `prefix`. Throws `CompactedError` when some of them may be gone. */
  changesAfter(revision: number, prefix: string): ChangeBatch {
    const state = this.#readState();
    if (revision < state.compacted_revision) {
      throw new CompactedError(
        `changes up to ${state.compacted_revision} are gone, wanted those after ${revision}`,
      );
    }
    if (revision > state.revision) {
      throw new CompactedError(`the newest change is ${state.revision}, wanted those after ${revision}`);
    }
    const rows = this.#read.all({ after: revision, from: prefix, to: prefixEnd(prefix) });
    const more = rows.length === BATCH_SIZE;
    const nextRevision = more ? must(rows.at(-1), "a full batch has a last row").revision : state.revision;
    return { events: rows.map(toEvent), nextRevision, more };
  }

  #compact(newest: number, nowMs: number): void {
    const { maxChanges, maxChangeBytes, maxChangeAgeMs } = this.#limits;
    const row = this.#cutoff.get({
      newest,
      maxChanges,
      oldestMs: nowMs - maxChangeAgeMs,
      nowMs,
      maxBytes: maxChangeBytes,
    });
    // The change being made is kept in any case: its own watchers have not seen it.
    const cutoff = Math.min(row?.cutoff ?? 0, newest - 1);
    if (cutoff <= this.#readState().compacted_revision) return;
    this.#trim.run(cutoff);
    this.#setCompacted.run(cutoff);
  }

  #readState(): State {
    return must(this.#state.get(), "the state row is missing");
  }
}

function toEvent({ revision, key, value }: ChangeRow): CoordinatorEvent {
  if (value === null) return { kind: "delete", key, revision };
  return { kind: "put", entry: { key, value, revision } };
}
