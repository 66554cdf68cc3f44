import { SEARCH_BUDGET_MS, type TraceReader, type TraceSummary } from "../store/reader.ts";
import type { QueryContext, QueryRequest } from "./context.ts";
import { jaegerTrace } from "./jaeger-trace.ts";
import type { JaegerTrace } from "./jaeger-types.ts";
import { requireService, type SearchParameters, searchParameters } from "./parameters.ts";
import { jaegerReply, type ReplyError } from "./replies.ts";

/** Whole traces are large: what does not fit is left out, and the reply says so. */
export const MAX_REPLY_SPANS = 100_000;

export interface Found {
  /** The latest start first, or the longest. */
  readonly summaries: readonly TraceSummary[];
  readonly errors: readonly ReplyError[];
}

/** `GET /api/traces?service=…` and `GET /api/traces?traceID=…` */
export function findTraces({ reader, nowMs }: QueryContext, { query }: QueryRequest): Response {
  const parameters = searchParameters(query, nowMs());
  requireService(parameters);
  return reader.snapshot(() => {
    const { summaries, errors } = find(reader, parameters);
    const traces: JaegerTrace[] = [];
    let spans = 0;
    for (const summary of summaries) {
      spans += summary.spans;
      if (spans > MAX_REPLY_SPANS && traces.length > 0) break;
      traces.push(jaegerTrace(reader, summary.num, summary.traceId));
    }
    const left = summaries.length - traces.length;
    const cut: ReplyError[] =
      left === 0
        ? []
        : [{ msg: `${left} more traces left out: a reply has at most ${MAX_REPLY_SPANS} spans` }];
    return jaegerReply(traces, 0, [...errors, ...cut]);
  });
}

/** To be called inside a snapshot. */
export function find(reader: TraceReader, { search, traceIds }: SearchParameters): Found {
  if (traceIds.length > 0) {
    const ids = traceIds.map((traceId) => ({ traceId, num: reader.find(traceId) }));
    const missing = ids.filter(({ num }) => num === null);
    return {
      summaries: reader.summaries(ids.flatMap(({ num }) => num ?? [])),
      errors: missing.map(({ traceId }) => ({ msg: "trace not found", traceID: traceId })),
    };
  }
  const { traces, incomplete } = reader.search(search);
  const late = { msg: `the search stopped after ${SEARCH_BUDGET_MS} ms: narrow it to see all that match` };
  return {
    summaries: reader
      .summaries(traces)
      .sort(
        search.order === "longest" ? (a, b) => b.durationUs - a.durationUs : (a, b) => b.startUs - a.startUs,
      ),
    errors: incomplete ? [late] : [],
  };
}
