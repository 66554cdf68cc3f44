import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import { must } from "@ais/base/assert.ts";
import { type CallsBetween, type OriginShare, readCalls, readShares } from "./calls.ts";
import { decodeDetail } from "./detail.ts";
import { readFailedStatuses } from "./failed-statuses.ts";
import { type SearchResult, searchTraces, type TraceSearch } from "./search.ts";
import { readSpanEvents, type SpanEvent } from "./span-events.ts";
import type { StoredAttributes } from "./values.ts";

export interface OperationName {
  readonly name: string;
  readonly kind: number;
}

export interface TraceSummary {
  readonly num: number;
  readonly traceId: string;
  readonly rootService: string;
  readonly rootName: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly spans: number;
  readonly errors: number;
  readonly services: readonly ServiceShare[];
}

export interface ServiceShare {
  readonly name: string;
  readonly spans: number;
  readonly errors: number;
}

/** A span with its dictionary ids resolved, but its detail still as text. */
export interface StoredSpan {
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentId: string;
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly origin: number;
  readonly startUs: number;
  readonly durationNs: number;
  readonly error: number;
  readonly detail: string;
}

export interface StoredOrigin {
  readonly id: number;
  readonly service: string;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly attributes: StoredAttributes;
}

interface SummaryRow extends Omit<TraceSummary, "services"> {}

interface OriginRow extends Omit<StoredOrigin, "attributes"> {
  readonly attributes: string;
}

const SPAN_COLUMNS = `lower(hex(span.span_id)) AS spanId, coalesce(lower(hex(span.parent_id)), '') AS parentId,
  service.name AS service, operation.name AS name, operation.kind AS kind, span.origin AS origin,
  span.start_us AS startUs, span.duration_ns AS durationNs, span.error AS error`;
const SPAN_JOIN = `span JOIN operation ON operation.id = span.operation JOIN service ON service.id = span.service`;

/** A search that takes longer gives what it has found so far: it shares its thread with the other requests. */
export const SEARCH_BUDGET_MS = 2000;
/** Of a trace that is one line of many. */
const MAX_SPANS_LOOKED_THROUGH = 1000;

/** Everything that is asked of the store. Each method sees one state of it. */
export class TraceReader {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Runs `read` on one state of the store, however many of the methods below it calls. */
  snapshot<T>(read: () => T): T {
    return this.#db.inTransaction ? read() : this.#db.transaction(read)();
  }

  services(): string[] {
    return this.#db
      .query<{ name: string }, []>("SELECT name FROM service ORDER BY name")
      .all()
      .map(({ name }) => name);
  }

  operations(service: string): OperationName[] {
    return this.#db
      .query<OperationName, [string]>(
        `SELECT operation.name AS name, operation.kind AS kind FROM operation
         JOIN service ON service.id = operation.service WHERE service.name = ? ORDER BY operation.name, kind`,
      )
      .all(service);
  }

  search(search: TraceSearch): SearchResult {
    return this.snapshot(() => searchTraces(this.#db, search, SEARCH_BUDGET_MS));
  }

  /** In the order of `nums`; a trace that is gone is left out. */
  summaries(nums: readonly number[]): TraceSummary[] {
    return this.snapshot(() => nums.flatMap((num) => this.#summary(num) ?? []));
  }

  /** The object, or else the bucket, that a span of the trace names; empty when none does. */
  objectOf({ num, spans }: TraceSummary): string {
    if (spans > MAX_SPANS_LOOKED_THROUGH) return "";
    const row = this.#db
      .query<{ detail: string }, [number]>(
        `SELECT detail FROM span WHERE trace = ? AND detail LIKE '%"ais.bucket"%'
         ORDER BY detail LIKE '%"ais.object"%' DESC LIMIT 1`,
      )
      .get(num);
    if (row === null) return "";
    const attributes = new Map(decodeDetail(row.detail).attributes);
    const names = [attributes.get("ais.bucket"), attributes.get("ais.object")];
    return names.filter((name) => typeof name === "string").join("/");
  }

  events(num: number): Map<string, readonly SpanEvent[]> {
    return readSpanEvents(this.#db, num);
  }

  failedStatuses(num: number): Map<string, number> {
    return readFailedStatuses(this.#db, num);
  }

  /** The highest HTTP status from 400 on that a server in the trace answered with; 0 when there is none. */
  failedStatusOf({ num, spans }: TraceSummary): number {
    return spans > MAX_SPANS_LOOKED_THROUGH ? 0 : Math.max(0, ...this.failedStatuses(num).values());
  }

  /** The number of a trace, or null when the store does not have it. */
  find(traceId: string): number | null {
    const row = this.#db
      .query<{ num: number }, [Uint8Array]>("SELECT num FROM trace WHERE trace_id = ?")
      .get(Buffer.from(traceId, "hex"));
    return row?.num ?? null;
  }

  /** By start time. */
  spans(num: number): StoredSpan[] {
    return this.#db
      .query<StoredSpan, [number]>(
        `SELECT ${SPAN_COLUMNS}, span.detail AS detail FROM ${SPAN_JOIN} WHERE span.trace = ? ORDER BY span.start_us`,
      )
      .all(num);
  }

  /** By start time; what a waterfall needs, with `detail` left empty. */
  spanOutlines(num: number): StoredSpan[] {
    return this.#db
      .query<StoredSpan, [number]>(
        `SELECT ${SPAN_COLUMNS}, '' AS detail FROM ${SPAN_JOIN} WHERE span.trace = ? ORDER BY span.start_us`,
      )
      .all(num);
  }

  span(num: number, spanId: string): StoredSpan | null {
    return this.#db
      .query<StoredSpan, [number, Uint8Array]>(
        `SELECT ${SPAN_COLUMNS}, span.detail AS detail FROM ${SPAN_JOIN} WHERE span.trace = ? AND span.span_id = ?`,
      )
      .get(num, Buffer.from(spanId, "hex"));
  }

  /** Ids of the spans of a trace whose name, service, attributes or events contain `text`, in any case. */
  spansContaining(num: number, text: string): string[] {
    const pattern = `%${text.replace(/[\\%_]/g, "\\$&")}%`;
    const quoted = JSON.stringify(text).slice(1, -1);
    const detailPattern = `%${quoted.replace(/[\\%_]/g, "\\$&")}%`;
    return this.#db
      .query<{ spanId: string }, [number, string, string]>(
        `SELECT lower(hex(span.span_id)) AS spanId FROM ${SPAN_JOIN}
         WHERE span.trace = ?1 AND (operation.name LIKE ?2 ESCAPE '\\' OR service.name LIKE ?2 ESCAPE '\\'
           OR lower(hex(span.span_id)) LIKE ?2 ESCAPE '\\' OR span.detail LIKE ?3 ESCAPE '\\')`,
      )
      .all(num, pattern, detailPattern)
      .map(({ spanId }) => spanId);
  }

  origin(id: number): StoredOrigin {
    const row = this.#db
      .query<OriginRow, [number]>(
        `SELECT origin.id AS id, service.name AS service, scope_name AS scopeName, scope_version AS scopeVersion,
           attributes FROM origin JOIN service ON service.id = origin.service WHERE origin.id = ?`,
      )
      .get(id);
    const { attributes, ...origin } = must(row, "a span's origin is stored");
    return { ...origin, attributes: JSON.parse(attributes) };
  }

  /** Numbers of traces of more than one service that began in the window, the latest first. */
  *tracesAcrossServices(startUs: number, endUs: number): Generator<number> {
    const rows = this.#db
      .query<{ num: number }, [number, number]>(
        `SELECT num FROM trace WHERE start_us BETWEEN ? AND ?
           AND (SELECT count(*) FROM trace_service WHERE trace = num) > 1 ORDER BY start_us DESC`,
      )
      .iterate(startUs, endUs);
    for (const { num } of rows) yield num;
  }

  /** How often a span of one service is the parent of a span of another, within a trace. */
  calls(num: number): { parent: string; child: string; calls: number }[] {
    return this.#db
      .query<{ parent: string; child: string; calls: number }, [number]>(
        `SELECT caller.name AS parent, callee.name AS child, count(*) AS calls FROM span
         JOIN span up ON up.trace = span.trace AND up.span_id = span.parent_id AND up.service <> span.service
         JOIN service caller ON caller.id = up.service JOIN service callee ON callee.id = span.service
         WHERE span.trace = ? GROUP BY up.service, span.service`,
      )
      .all(num);
  }

  /** Numbers of the traces that began in the window, the latest first. */
  *tracesBetween(startUs: number, endUs: number): Generator<number> {
    const rows = this.#db
      .query<{ num: number }, [number, number]>(
        "SELECT num FROM trace WHERE start_us BETWEEN ? AND ? ORDER BY start_us DESC",
      )
      .iterate(startUs, endUs);
    for (const { num } of rows) yield num;
  }

  callsByOrigin(num: number): CallsBetween[] {
    return readCalls(this.#db, num);
  }

  shares(num: number): OriginShare[] {
    return readShares(this.#db, num);
  }

  counts(): { readonly spans: number; readonly traces: number } {
    const row = this.#db
      .query<{ spans: number; traces: number }, []>(
        "SELECT (SELECT coalesce(sum(spans), 0) FROM origin) AS spans, (SELECT count(*) FROM trace) AS traces",
      )
      .get();
    return must(row, "an aggregate gives one row");
  }

  /** Of the database and its log, on disk. */
  bytes(): number {
    return [this.#db.filename, `${this.#db.filename}-wal`]
      .map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0)
      .reduce((total, size) => total + size, 0);
  }

  close(): void {
    this.#db.close();
  }

  #summary(num: number): TraceSummary | null {
    const row = this.#db
      .query<SummaryRow, [number]>(
        `SELECT num, lower(hex(trace_id)) AS traceId, coalesce(service.name, '') AS rootService,
           coalesce(operation.name, '') AS rootName, start_us AS startUs, end_us - start_us AS durationUs,
           trace.spans AS spans, errors
         FROM trace LEFT JOIN operation ON operation.id = root_operation
         LEFT JOIN service ON service.id = operation.service WHERE num = ?`,
      )
      .get(num);
    if (row === null) return null;
    const services = this.#db
      .query<ServiceShare, [number]>(
        `SELECT service.name AS name, trace_service.spans AS spans, trace_service.errors AS errors FROM trace_service
         JOIN service ON service.id = trace_service.service WHERE trace = ? ORDER BY spans DESC, name`,
      )
      .all(num);
    return { ...row, services };
  }
}
