import { AisError } from "@ais/base/errors.ts";
import type { TraceReader, TraceSummary } from "../store/reader.ts";
import { kindName } from "../store/tags.ts";
import type { QueryContext, QueryRequest } from "./context.ts";
import { find } from "./find-traces.ts";
import { instanceOf } from "./instance.ts";
import { jaegerProcess, jaegerSpan } from "./jaeger-span.ts";
import type { OwnSpan, OwnSummary, OwnTrace, OwnTraces } from "./own-types.ts";
import { searchParameters } from "./parameters.ts";
import { jsonReply } from "./replies.ts";
import { parseTraceId } from "./trace-id.ts";

/** `GET /api/aistrace/traces`: the parameters of Jaeger's search, `error=true` and `order=longest`; no service is needed. */
export function listTraces({ reader, nowMs }: QueryContext, { query }: QueryRequest): Response {
  const parameters = searchParameters(query, nowMs());
  const body = reader.snapshot((): OwnTraces => {
    const { summaries, errors } = find(reader, parameters);
    const traces = summaries.map((summary) => ownSummary(reader, summary));
    return {
      traces,
      warnings: errors.map(({ msg, traceID }) => (traceID === undefined ? msg : `${msg}: ${traceID}`)),
    };
  });
  return jsonReply(body);
}

/** `GET /api/aistrace/traces/{traceID}`: what a waterfall needs of a trace, a fraction of its size. */
export function getOutline({ reader }: QueryContext, { path: [id = ""] }: QueryRequest): Response {
  const traceId = parseTraceId(id);
  return reader.snapshot(() => {
    const num = requireTrace(reader.find(traceId));
    const services = new Map<string, number>();
    const names = new Map<string, number>();
    const instances = new Map<string, number>();
    const ofOrigin = new Map<number, number>();
    const instance = (origin: number): number => {
      const index = ofOrigin.get(origin) ?? indexOf(instances, instanceOf(reader.origin(origin)));
      ofOrigin.set(origin, index);
      return index;
    };
    const spans = reader
      .spanOutlines(num)
      .map(
        (span) =>
          [
            span.spanId,
            span.parentId,
            indexOf(services, span.service),
            indexOf(names, span.name),
            kindName(span.kind),
            span.startUs,
            span.durationNs / 1000,
            span.error === 1,
            instance(span.origin),
          ] as const,
      );
    const body: OwnTrace = {
      traceID: traceId,
      services: [...services.keys()],
      names: [...names.keys()],
      instances: [...instances.keys()],
      spans,
      failedStatuses: Object.fromEntries(reader.failedStatuses(num)),
      events: Object.fromEntries(
        [...reader.events(num)].map(([spanId, events]) => [
          spanId,
          events.map(({ timeUs, name }) => [timeUs, name] as const),
        ]),
      ),
    };
    return jsonReply(body);
  });
}

/** `GET /api/aistrace/traces/{traceID}/spans/{spanID}`: one span in Jaeger's model, with its process. */
export function getSpan({ reader }: QueryContext, { path: [id = "", spanId = ""] }: QueryRequest): Response {
  const traceId = parseTraceId(id);
  return reader.snapshot(() => {
    const span = reader.span(requireTrace(reader.find(traceId)), spanId);
    if (span === null) throw new AisError("notFound", "span not found");
    const origin = reader.origin(span.origin);
    const body: OwnSpan = { span: jaegerSpan(traceId, span, origin, "p1"), process: jaegerProcess(origin) };
    return jsonReply(body);
  });
}

/** `GET /api/aistrace/traces/{traceID}/find?text=`: ids of the spans that contain the text anywhere. */
export function findInTrace({ reader }: QueryContext, { query, path: [id = ""] }: QueryRequest): Response {
  const traceId = parseTraceId(id);
  const text = query.get("text") ?? "";
  if (text === "") throw new AisError("badRequest", "parameter 'text' is required");
  return reader.snapshot(() =>
    jsonReply({ spanIDs: reader.spansContaining(requireTrace(reader.find(traceId)), text) }),
  );
}

function ownSummary(reader: TraceReader, summary: TraceSummary): OwnSummary {
  return {
    traceID: summary.traceId,
    rootService: summary.rootService,
    rootName: summary.rootName,
    object: reader.objectOf(summary),
    failedStatus: reader.failedStatusOf(summary),
    startTime: summary.startUs,
    duration: summary.durationUs,
    spanCount: summary.spans,
    errorCount: summary.errors,
    services: summary.services.map(({ name, spans, errors }) => ({
      name,
      spanCount: spans,
      errorCount: errors,
    })),
  };
}

function requireTrace(num: number | null): number {
  if (num === null) throw new AisError("notFound", "trace not found");
  return num;
}

function indexOf(known: Map<string, number>, name: string): number {
  const index = known.get(name) ?? known.size;
  known.set(name, index);
  return index;
}
