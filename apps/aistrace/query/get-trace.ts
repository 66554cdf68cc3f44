import { AisError } from "@ais/base/errors.ts";
import type { QueryContext, QueryRequest } from "./context.ts";
import { jaegerTrace } from "./jaeger-trace.ts";
import { otlpTrace } from "./otlp-trace.ts";
import { integer } from "./parameters.ts";
import { jaegerReply, jsonReply } from "./replies.ts";
import { parseTraceId } from "./trace-id.ts";

/** `GET /api/traces/{traceID}`. `start` and `end` are checked as Jaeger does, and not needed to find a trace. */
export function getTrace({ reader }: QueryContext, { query, path: [id = ""] }: QueryRequest): Response {
  const traceId = parseTraceId(id);
  integer(query, "start");
  integer(query, "end");
  return reader.snapshot(() => {
    const num = reader.find(traceId);
    if (num === null) throw new AisError("notFound", "trace not found");
    return jaegerReply([jaegerTrace(reader, num, traceId)], 0);
  });
}

/** `GET /api/aistrace/traces/{traceID}/otlp`: the trace in OTLP's JSON. */
export function getOtlpTrace({ reader }: QueryContext, { path: [id = ""] }: QueryRequest): Response {
  const traceId = parseTraceId(id);
  return reader.snapshot(() => {
    const num = reader.find(traceId);
    if (num === null) throw new AisError("notFound", "trace not found");
    return jsonReply(otlpTrace(reader, num, traceId));
  });
}
