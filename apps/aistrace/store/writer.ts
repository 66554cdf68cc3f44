import type { Database, Statement } from "bun:sqlite";
import type { OtlpResourceSpans } from "@ais/tracing/otlp/types.ts";
import { Dictionary } from "./dictionary.ts";
import { type SpanRow, spanRow } from "./span-row.ts";
import { Summaries } from "./summaries.ts";

export interface InsertResult {
  readonly stored: number;
  readonly refused: number;
  /** Why the first of the refused spans was refused; empty when none was. */
  readonly reason: string;
}

type SpanParameters = [
  trace: number,
  spanId: Uint8Array,
  parentId: Uint8Array | null,
  service: number,
  operation: number,
  origin: number,
  startUs: number,
  durationNs: number,
  error: number,
  sig0: number,
  sig1: number,
  sig2: number,
  sig3: number,
  detail: string,
];

interface ReplacedRow {
  readonly operation: number;
  readonly origin: number;
}

/** Puts spans into the store. Synchronous: it runs in the worker that owns the writing connection. */
export class SpanWriter {
  readonly #db: Database;
  readonly #dictionary: Dictionary;
  readonly #summaries: Summaries;
  readonly #insert: Statement<unknown, SpanParameters>;
  readonly #remove: Statement<ReplacedRow, [number, Uint8Array]>;

  constructor(db: Database, nowMs: () => number) {
    this.#db = db;
    this.#dictionary = new Dictionary(db);
    this.#summaries = new Summaries(db, nowMs);
    this.#insert = db.prepare(
      `INSERT INTO span (trace, span_id, parent_id, service, operation, origin, start_us, duration_ns, error,
         sig0, sig1, sig2, sig3, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace, span_id) DO NOTHING`,
    );
    this.#remove = db.prepare("DELETE FROM span WHERE trace = ? AND span_id = ? RETURNING operation, origin");
  }

  /** Writes several requests in one transaction: all of them are in the file when this returns, none when it throws. */
  insertAll(requests: readonly (readonly OtlpResourceSpans[])[]): InsertResult[] {
    try {
      return this.#db.transaction(() => {
        const results = requests.map((request) => this.#insertRequest(request));
        this.#summaries.flush();
        return results;
      })();
    } catch (error) {
      this.#summaries.discard();
      this.#dictionary.forget();
      throw error;
    }
  }

  /** To be called after rows of operations or origins were removed. */
  forgetIds(): void {
    this.#dictionary.forget();
  }

  #insertRequest(request: readonly OtlpResourceSpans[]): InsertResult {
    let stored = 0;
    let refused = 0;
    let reason = "";
    for (const { resource, scopeSpans } of request) {
      for (const { scope, spans } of scopeSpans) {
        if (spans.length === 0) continue;
        const origin = this.#dictionary.origin(resource.attributes, scope.name, scope.version);
        if (typeof origin === "string") {
          refused += spans.length;
          if (reason === "") reason = origin;
          continue;
        }
        for (const span of spans) {
          const row = spanRow(span, scope.name, scope.version);
          if (typeof row === "string") {
            refused += 1;
            if (reason === "") reason = row;
          } else {
            this.#insertSpan(row, origin.id, origin.service);
            stored += 1;
          }
        }
      }
    }
    return { stored, refused, reason };
  }

  #insertSpan(row: SpanRow, origin: number, service: number): void {
    const operation = this.#dictionary.operation(service, row.name, row.kind);
    const trace = this.#summaries.traceNum(row.traceId);
    const error = row.error ? 1 : 0;
    const parameters: SpanParameters = [
      trace,
      row.spanId,
      row.parentId,
      service,
      operation,
      origin,
      row.startUs,
      row.durationNs,
      error,
      ...row.signature,
      row.detail,
    ];
    if (this.#insert.run(...parameters).changes === 0) {
      // An exporter that got no answer sends a batch again: the later copy counts.
      const replaced = this.#remove.get(trace, row.spanId);
      if (replaced !== null) this.#summaries.removed(row.traceId, replaced.operation, replaced.origin);
      this.#insert.run(...parameters);
    }
    this.#summaries.added(row, service, operation, origin);
  }
}
