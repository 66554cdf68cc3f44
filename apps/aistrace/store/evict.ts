import type { Database } from "bun:sqlite";
import { readNumber } from "./schema.ts";

export interface StoreLimits {
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

export interface EvictStep {
  readonly spans: number;
  /** False: nothing is left to do, for now. */
  readonly more: boolean;
  /** Rows of operations or origins went away, so their ids may be given out again. */
  readonly idsRemoved: boolean;
}

const SPANS_PER_STEP = 2000;
const PAGES_PER_STEP = 512;
/** The rest is for the log file, which lies beside the database and counts too. */
const DATABASE_SHARE = 0.85;
/** A smaller share of free pages is left for the next spans to fill. */
const FREE_SHARE_KEPT = 0.1;

/**
 * Removes the oldest traces, by arrival, while there are too many bytes or while they are too old. One step is a short
 * transaction, so that ingest gets its turn between steps.
 */
export class Evictor {
  readonly #db: Database;
  readonly #limits: StoreLimits;
  readonly #nowMs: () => number;
  readonly #pageBytes: number;

  constructor(db: Database, limits: StoreLimits, nowMs: () => number) {
    this.#db = db;
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#pageBytes = readNumber(db, "PRAGMA page_size");
  }

  /** Pages in use are over the limit. */
  overBytes(): boolean {
    return this.#usedPages() * this.#pageBytes > this.#limits.maxBytes * DATABASE_SHARE;
  }

  step(): EvictStep {
    const oldest = this.#oldest();
    if (oldest !== null) return this.#evict(oldest);
    if (this.#tooManyFreePages()) {
      // `run` stops at the first row that the pragma gives, one for each page; reading them all does the work.
      this.#db.query(`PRAGMA incremental_vacuum(${PAGES_PER_STEP})`).all();
      return { spans: 0, more: this.#tooManyFreePages(), idsRemoved: false };
    }
    return { spans: 0, more: false, idsRemoved: false };
  }

  /** The trace to remove next, or null when nothing is over a limit. */
  #oldest(): number | null {
    const row = this.#db
      .query<{ num: number; arrived_ms: number }, []>(
        "SELECT num, arrived_ms FROM trace ORDER BY num LIMIT 1",
      )
      .get();
    if (row === null) return null;
    const tooOld = row.arrived_ms < this.#nowMs() - this.#limits.maxAgeMs;
    return tooOld || this.overBytes() ? row.num : null;
  }

  #evict(first: number): EvictStep {
    return this.#db.transaction(() => {
      let spans = 0;
      let trace: number | null = first;
      while (trace !== null && spans < SPANS_PER_STEP) {
        const removed = this.#removeSpans(trace, SPANS_PER_STEP - spans);
        spans += removed;
        this.#removeTraceIfEmpty(trace);
        trace = this.#oldest();
      }
      return { spans, more: true, idsRemoved: this.#removeUnused() };
    })();
  }

  #removeSpans(trace: number, limit: number): number {
    const rows = this.#db
      .query<{ operation: number; origin: number }, [number, number]>(
        `DELETE FROM span WHERE id IN (SELECT id FROM span WHERE trace = ? LIMIT ?) RETURNING operation, origin`,
      )
      .all(trace, limit);
    const operations = new Map<number, number>();
    const origins = new Map<number, number>();
    for (const { operation, origin } of rows) {
      operations.set(operation, (operations.get(operation) ?? 0) + 1);
      origins.set(origin, (origins.get(origin) ?? 0) + 1);
    }
    const fromOperation = this.#db.query("UPDATE operation SET spans = spans - ? WHERE id = ?");
    for (const [id, uses] of operations) fromOperation.run(uses, id);
    const fromOrigin = this.#db.query("UPDATE origin SET spans = spans - ? WHERE id = ?");
    for (const [id, uses] of origins) fromOrigin.run(uses, id);
    return rows.length;
  }

  #removeTraceIfEmpty(trace: number): void {
    const isEmpty = this.#db.query("SELECT 1 FROM span WHERE trace = ? LIMIT 1").get(trace) === null;
    if (!isEmpty) return;
    this.#db.query("DELETE FROM trace_service WHERE trace = ?").run(trace);
    this.#db.query("DELETE FROM trace WHERE num = ?").run(trace);
  }

  #removeUnused(): boolean {
    const operations = this.#db.query("DELETE FROM operation WHERE spans = 0").run().changes;
    const origins = this.#db.query("DELETE FROM origin WHERE spans = 0").run().changes;
    if (operations + origins === 0) return false;
    this.#db.run(
      `DELETE FROM service WHERE id NOT IN (SELECT service FROM operation UNION SELECT service FROM origin)`,
    );
    return true;
  }

  #usedPages(): number {
    return readNumber(this.#db, "PRAGMA page_count") - readNumber(this.#db, "PRAGMA freelist_count");
  }

  #tooManyFreePages(): boolean {
    const pages = readNumber(this.#db, "PRAGMA page_count");
    const free = readNumber(this.#db, "PRAGMA freelist_count");
    const fileTooLarge = pages * this.#pageBytes > this.#limits.maxBytes * DATABASE_SHARE;
    return free > 0 && (fileTooLarge || (free > PAGES_PER_STEP && free > pages * FREE_SHARE_KEPT));
  }
}
