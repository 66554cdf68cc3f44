import type { Database } from "bun:sqlite";
import { decodeDetail } from "./detail.ts";
import { STATUS_KEYS } from "./tag-filter.ts";

const SERVER_KIND = 2;
const FIRST_FAILURE = 400;

/**
 * HTTP statuses from 400 on that SERVER spans of a trace answered with, by span id. Those below 500 are no errors by
 * OpenTelemetry's conventions, and are still what somebody looks for.
 */
export function readFailedStatuses(db: Database, num: number): Map<string, number> {
  const rows = db
    .query<{ spanId: string; detail: string }, [number, number]>(
      `SELECT lower(hex(span.span_id)) AS spanId, span.detail AS detail
       FROM span JOIN operation ON operation.id = span.operation
       WHERE span.trace = ? AND operation.kind = ?
         AND (span.detail LIKE '%status_code",4%' OR span.detail LIKE '%status_code",5%')`,
    )
    .all(num, SERVER_KIND);
  const statuses = new Map<string, number>();
  for (const { spanId, detail } of rows) {
    const status = decodeDetail(detail).attributes.find(([key]) => STATUS_KEYS.has(key))?.[1];
    if (typeof status === "number" && status >= FIRST_FAILURE) statuses.set(spanId, status);
  }
  return statuses;
}
