import type { Database } from "bun:sqlite";

/** Spans of one origin whose parent is of another, in one trace. */
export interface CallsBetween {
  readonly parent: number;
  readonly child: number;
  readonly calls: number;
  readonly errors: number;
  /** Of the called spans, added up. */
  readonly durationNs: number;
}

export interface OriginShare {
  readonly origin: number;
  readonly spans: number;
  readonly errors: number;
}

export function readCalls(db: Database, num: number): CallsBetween[] {
  return db
    .query<CallsBetween, [number]>(
      `SELECT up.origin AS parent, span.origin AS child, count(*) AS calls, sum(span.error) AS errors,
         sum(span.duration_ns) AS durationNs
       FROM span JOIN span up ON up.trace = span.trace AND up.span_id = span.parent_id AND up.origin <> span.origin
       WHERE span.trace = ? GROUP BY up.origin, span.origin`,
    )
    .all(num);
}

export function readShares(db: Database, num: number): OriginShare[] {
  return db
    .query<OriginShare, [number]>(
      "SELECT origin, count(*) AS spans, sum(error) AS errors FROM span WHERE trace = ? GROUP BY origin",
    )
    .all(num);
}
