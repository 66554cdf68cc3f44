import type { Database, Statement } from "bun:sqlite";
import { must } from "@ais/base/assert.ts";
import type { SpanRow } from "./span-row.ts";

/** A parentless span is the better root; among equals the earliest is. */
interface Root {
  readonly operation: number;
  readonly rank: 0 | 1;
  readonly startUs: number;
}

interface TraceChange {
  readonly num: number;
  readonly isNew: boolean;
  startUs: number;
  endUs: number;
  spans: number;
  errors: number;
  root: Root;
  readonly services: Map<number, { spans: number; errors: number }>;
  /** A span was replaced: sums cannot be corrected by adding, so the summary is made anew from the spans. */
  recompute: boolean;
}

const NO_ROOT: Root = { operation: 0, rank: 1, startUs: Number.MAX_SAFE_INTEGER };

/**
 * Keeps the summary rows (`trace`, `trace_service`, and the use counts of `operation` and `origin`) in step with the spans
 * of one transaction. Changes are added up here and written once a trace, by `flush`, before the transaction commits.
 */
export class Summaries {
  readonly #db: Database;
  readonly #nowMs: () => number;
  readonly #traces = new Map<string, TraceChange>();
  readonly #operationUses = new Map<number, number>();
  readonly #originUses = new Map<number, number>();
  readonly #findTrace: Statement<{ num: number }, [Uint8Array]>;
  #nextNum: number;

  constructor(db: Database, nowMs: () => number) {
    this.#db = db;
    this.#nowMs = nowMs;
    this.#findTrace = db.prepare("SELECT num FROM trace WHERE trace_id = ?");
    this.#nextNum = this.#firstFreeNum();
  }

  /** The number of a trace; a new one when it was not known. */
  traceNum(traceId: string): number {
    return this.#change(traceId).num;
  }

  added(row: SpanRow, service: number, operation: number, origin: number): void {
    const change = this.#change(row.traceId);
    const error = row.error ? 1 : 0;
    change.startUs = Math.min(change.startUs, row.startUs);
    change.endUs = Math.max(change.endUs, row.startUs + Math.ceil(row.durationNs / 1000));
    change.spans += 1;
    change.errors += error;
    const rank = row.parentId === null ? 0 : 1;
    if (rank < change.root.rank || (rank === change.root.rank && row.startUs < change.root.startUs)) {
      change.root = { operation, rank, startUs: row.startUs };
    }
    const counts = change.services.get(service) ?? { spans: 0, errors: 0 };
    counts.spans += 1;
    counts.errors += error;
    change.services.set(service, counts);
    addUse(this.#operationUses, operation, 1);
    addUse(this.#originUses, origin, 1);
  }

  /** A stored span was taken out, to be replaced. */
  removed(traceId: string, operation: number, origin: number): void {
    this.#change(traceId).recompute = true;
    addUse(this.#operationUses, operation, -1);
    addUse(this.#originUses, origin, -1);
  }

  flush(): void {
    for (const [traceId, change] of this.#traces) {
      if (change.spans === 0) continue;
      this.#write(traceId, change);
      if (change.recompute) this.#recompute(change.num);
    }
    const countOperation = this.#db.query("UPDATE operation SET spans = spans + ? WHERE id = ?");
    for (const [id, uses] of this.#operationUses) countOperation.run(uses, id);
    const countOrigin = this.#db.query("UPDATE origin SET spans = spans + ? WHERE id = ?");
    for (const [id, uses] of this.#originUses) countOrigin.run(uses, id);
    this.#clear();
  }

  /** The transaction was rolled back. */
  discard(): void {
    this.#clear();
    this.#nextNum = this.#firstFreeNum();
  }

  #clear(): void {
    this.#traces.clear();
    this.#operationUses.clear();
    this.#originUses.clear();
  }

  #firstFreeNum(): number {
    const row = this.#db
      .query<{ next: number }, []>("SELECT coalesce(max(num), 0) + 1 AS next FROM trace")
      .get();
    return must(row, "an aggregate gives one row").next;
  }

  #change(traceId: string): TraceChange {
    const known = this.#traces.get(traceId);
    if (known !== undefined) return known;
    const row = this.#findTrace.get(Buffer.from(traceId, "hex"));
    const change: TraceChange = {
      num: row?.num ?? this.#nextNum++,
      isNew: row === null,
      startUs: Number.MAX_SAFE_INTEGER,
      endUs: 0,
      spans: 0,
      errors: 0,
      root: NO_ROOT,
      services: new Map(),
      recompute: false,
    };
    this.#traces.set(traceId, change);
    return change;
  }

  #write(traceId: string, change: TraceChange): void {
    const { num, startUs, endUs, spans, errors, root } = change;
    if (change.isNew) {
      this.#db
        .query(
          `INSERT INTO trace (num, trace_id, arrived_ms, start_us, end_us, spans, errors, root_operation, root_rank,
             root_start_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(
          num,
          Buffer.from(traceId, "hex"),
          this.#nowMs(),
          startUs,
          endUs,
          spans,
          errors,
          root.operation,
          root.rank,
          root.startUs,
        );
    } else {
      this.#db
        .query(
          `UPDATE trace SET start_us = min(start_us, ?1), end_us = max(end_us, ?2), spans = spans + ?3,
             errors = errors + ?4,
             root_operation = iif((?6, ?7) < (root_rank, root_start_us), ?5, root_operation),
             root_start_us = iif((?6, ?7) < (root_rank, root_start_us), ?7, root_start_us),
             root_rank = min(root_rank, ?6)
           WHERE num = ?8`,
        )
        .run(startUs, endUs, spans, errors, root.operation, root.rank, root.startUs, num);
    }
    const addService = this.#db.query(
      `INSERT INTO trace_service (trace, service, spans, errors) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET spans = spans + excluded.spans, errors = errors + excluded.errors`,
    );
    for (const [service, counts] of change.services)
      addService.run(num, service, counts.spans, counts.errors);
  }

  #recompute(num: number): void {
    this.#db.query("DELETE FROM trace_service WHERE trace = ?").run(num);
    this.#db
      .query(
        `INSERT INTO trace_service (trace, service, spans, errors)
         SELECT trace, service, count(*), sum(error) FROM span WHERE trace = ? GROUP BY service`,
      )
      .run(num);
    this.#db
      .query(
        `UPDATE trace SET (start_us, end_us, spans, errors) =
           (SELECT min(start_us), max(start_us + (duration_ns + 999) / 1000), count(*), sum(error)
            FROM span WHERE trace = ?1),
           (root_operation, root_rank, root_start_us) =
           (SELECT operation, parent_id IS NOT NULL, start_us FROM span WHERE trace = ?1
            ORDER BY parent_id IS NOT NULL, start_us LIMIT 1)
         WHERE num = ?1`,
      )
      .run(num);
  }
}

function addUse(uses: Map<number, number>, id: number, amount: number): void {
  uses.set(id, (uses.get(id) ?? 0) + amount);
}
