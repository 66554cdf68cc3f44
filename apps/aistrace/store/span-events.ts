import type { Database } from "bun:sqlite";
import { decodeDetail } from "./detail.ts";

/** Of a trace that is drawn; more would only cover each other. */
export const MAX_EVENTS = 10_000;

export interface SpanEvent {
  readonly timeUs: number;
  readonly name: string;
}

/** The events of a trace's spans, by span id; no more than the limit in all. */
export function readSpanEvents(db: Database, num: number): Map<string, readonly SpanEvent[]> {
  const rows = db
    .query<{ spanId: string; detail: string }, [number]>(
      `SELECT lower(hex(span_id)) AS spanId, detail FROM span WHERE trace = ? AND detail LIKE '%"e":[[%' ORDER BY start_us`,
    )
    .iterate(num);
  const events = new Map<string, readonly SpanEvent[]>();
  let left = MAX_EVENTS;
  for (const { spanId, detail } of rows) {
    const found = decodeDetail(detail).events.slice(0, left);
    if (found.length > 0)
      events.set(
        spanId,
        found.map(({ timeUs, name }) => ({ timeUs, name })),
      );
    left -= found.length;
    if (left === 0) break;
  }
  return events;
}
