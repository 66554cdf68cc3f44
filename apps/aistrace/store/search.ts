import type { Database } from "bun:sqlite";
import { decodeDetail } from "./detail.ts";
import { type FoundSpan, type FoundTraces, LatestTraces, LongestTraces } from "./found-traces.ts";
import { type TagFilter, tagFilter } from "./tag-filter.ts";
import { spanTags, visitSearchable } from "./tags.ts";

/** A trace is found when one of its spans fits all that is given. */
export interface TraceSearch {
  /** Empty: any. */
  readonly service: string;
  /** Empty: any. */
  readonly operation: string;
  /** Of the span or of its resource, compared as text; of an HTTP status also its class, such as `4xx`. */
  readonly tags: ReadonlyMap<string, string>;
  readonly errorsOnly: boolean;
  readonly minDurationNs: number;
  readonly maxDurationNs: number;
  /** When the span began, both ends included. */
  readonly startUs: number;
  readonly endUs: number;
  /** Which traces are found when there are more than the limit: those that began last, or lasted longest. */
  readonly order: TraceOrder;
  /** Of traces. */
  readonly limit: number;
}

export type TraceOrder = "latest" | "longest";

export interface SearchResult {
  /** Trace numbers, in the order that was asked for. */
  readonly traces: readonly number[];
  /** The search ran out of time: there may be more, and better ones. */
  readonly incomplete: boolean;
}

/** Rows of an index in order of start time, the latest first: one service's or one operation's. */
interface Stream {
  readonly column: "service" | "operation";
  readonly id: number;
}

interface CandidateRow extends FoundSpan {
  readonly id: number;
  readonly origin: number;
}

interface SpanTagsRow {
  readonly detail: string;
  readonly kind: number;
  readonly scope_name: string;
  readonly scope_version: string;
}

const ROWS_PER_CLOCK_CHECK = 1000;

export function searchTraces(db: Database, search: TraceSearch, budgetMs: number): SearchResult {
  const deadline = performance.now() + budgetMs;
  const matchesWholeTrace = search.service === "" && search.operation === "" && search.tags.size === 0;
  if (matchesWholeTrace) return { traces: searchSummaries(db, search), incomplete: false };

  const filters = [...search.tags].map(([key, value]) => tagFilter(db, key, value));
  const found = search.order === "longest" ? new LongestTraces(search.limit) : new LatestTraces(search.limit);
  let incomplete = false;
  for (const stream of streamsOf(db, search)) {
    found.beginStream();
    if (!searchStream(db, stream, search, filters, deadline, found)) incomplete = true;
  }
  return { traces: found.best(), incomplete };
}

/** Without a service, an operation or a tag the durations are those of whole traces. */
function searchSummaries(db: Database, search: TraceSearch): number[] {
  return db
    .query<{ num: number }, [number, number, number, number, number]>(
      `SELECT num FROM trace
       WHERE start_us BETWEEN ? AND ? AND (end_us - start_us) * 1000 BETWEEN ? AND ?
         ${search.errorsOnly ? "AND errors > 0" : ""}
       ORDER BY ${search.order === "longest" ? "end_us - start_us" : "start_us"} DESC LIMIT ?`,
    )
    .all(search.startUs, search.endUs, search.minDurationNs, search.maxDurationNs, search.limit)
    .map((row) => row.num);
}

function streamsOf(db: Database, search: TraceSearch): Stream[] {
  if (search.operation === "") {
    const sql = `SELECT id FROM service ${search.service === "" ? "WHERE ? = ''" : "WHERE name = ?"}`;
    const rows = db.query<{ id: number }, [string]>(sql).all(search.service);
    return rows.map(({ id }) => ({ column: "service", id }));
  }
  const rows = db
    .query<{ id: number }, [string, string]>(
      `SELECT operation.id FROM operation JOIN service ON service.id = operation.service
       WHERE operation.name = ?1 AND (?2 = '' OR service.name = ?2)`,
    )
    .all(search.operation, search.service);
  return rows.map(({ id }) => ({ column: "operation", id }));
}

/** Adds what matches to `found`. False: the time was over before the stream was. */
function searchStream(
  db: Database,
  stream: Stream,
  search: TraceSearch,
  filters: readonly TagFilter[],
  deadline: number,
  found: FoundTraces,
): boolean {
  const { sql, parameters } = candidates(stream, search, filters);
  let rows = 0;
  for (const row of db.query<CandidateRow, (string | number)[]>(sql).iterate(...parameters)) {
    rows += 1;
    if (rows % ROWS_PER_CLOCK_CHECK === 0 && performance.now() > deadline) return false;
    if (!found.wants(row) || !hasTags(db, row, filters)) continue;
    found.add(row);
    if (found.isFull()) return true;
  }
  return true;
}

/** A query that one index answers alone, but for errors, which have an index of their own, and classes of statuses. */
function candidates(
  stream: Stream,
  search: TraceSearch,
  filters: readonly TagFilter[],
): { sql: string; parameters: (string | number)[] } {
  const parameters: (string | number)[] = [stream.id, search.startUs, search.endUs];
  const conditions = [`${stream.column} = ?`, "start_us BETWEEN ? AND ?"];
  if (search.minDurationNs > 0 || search.maxDurationNs < Number.MAX_SAFE_INTEGER) {
    conditions.push("duration_ns BETWEEN ? AND ?");
    parameters.push(search.minDurationNs, search.maxDurationNs);
  }
  for (const { condition, origins } of filters) {
    const inOrigins = origins.size === 0 ? "" : " OR origin IN (SELECT value FROM json_each(?))";
    conditions.push(`(${condition.sql}${inOrigins})`);
    parameters.push(...condition.parameters);
    if (origins.size > 0) parameters.push(JSON.stringify([...origins]));
  }
  let index = `span_${stream.column}`;
  if (search.errorsOnly) {
    conditions.push("error = 1");
    if (stream.column === "service") index = "span_error";
  }
  const sql = `SELECT id, trace, start_us, duration_ns, origin FROM span INDEXED BY ${index}
    WHERE ${conditions.join(" AND ")} ORDER BY start_us DESC`;
  return { sql, parameters };
}

/** The conditions promise nothing: the span itself says whether it has the tags. */
function hasTags(db: Database, candidate: CandidateRow, filters: readonly TagFilter[]): boolean {
  const inSpan = filters.filter(({ origins }) => !origins.has(candidate.origin));
  if (inSpan.length === 0) return true;
  const row = db
    .query<SpanTagsRow, [number]>(
      `SELECT span.detail, operation.kind, origin.scope_name, origin.scope_version FROM span
       JOIN operation ON operation.id = span.operation JOIN origin ON origin.id = span.origin WHERE span.id = ?`,
    )
    .get(candidate.id);
  if (row === null) return false;
  const detail = decodeDetail(row.detail);
  const missing = new Map(inSpan.map((filter) => [filter.key, filter]));
  visitSearchable(spanTags(detail, row.kind, row.scope_name, row.scope_version), detail, (key, value) => {
    if (missing.get(key)?.matches(value) === true) missing.delete(key);
  });
  return missing.size === 0;
}
