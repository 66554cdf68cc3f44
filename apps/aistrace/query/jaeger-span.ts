import { decodeDetail, type SpanDetail, type StoredEvent, type StoredLink } from "../store/detail.ts";
import type { StoredOrigin, StoredSpan } from "../store/reader.ts";
import { spanTags } from "../store/tags.ts";
import { type StoredValue, valueText } from "../store/values.ts";
import type { JaegerLog, JaegerProcess, JaegerReference, JaegerSpan, JaegerTag } from "./jaeger-types.ts";

/** The mapping is OpenTelemetry's "OpenTelemetry to Jaeger Transformation", as Jaeger's own receiver applies it. */
export function jaegerSpan(
  traceId: string,
  span: StoredSpan,
  origin: StoredOrigin,
  processId: string,
): JaegerSpan {
  const detail = decodeDetail(span.detail);
  return {
    traceID: traceId,
    spanID: span.spanId,
    ...(detail.flags !== 0 && { flags: detail.flags }),
    operationName: span.name,
    references: references(traceId, span.parentId, detail.links),
    startTime: span.startUs,
    duration: Math.round(span.durationNs / 1000),
    tags: spanTags(detail, span.kind, origin.scopeName, origin.scopeVersion).map(([key, value]) =>
      tag(key, value),
    ),
    logs: detail.events.map(log),
    processID: processId,
    warnings: warnings(detail),
  };
}

export function jaegerProcess(origin: StoredOrigin): JaegerProcess {
  const tags = origin.attributes.filter(([key]) => key !== "service.name");
  return { serviceName: origin.service, tags: tags.map(([key, value]) => tag(key, value)) };
}

/** The parent comes first: viewers take the first CHILD_OF for it. */
function references(traceId: string, parentId: string, links: readonly StoredLink[]): JaegerReference[] {
  const parent: JaegerReference = { refType: "CHILD_OF", traceID: traceId, spanID: parentId };
  const linked = links.map((link): JaegerReference => {
    const isChild = link.attributes.some(
      ([key, value]) => key === "opentracing.ref_type" && value === "child_of",
    );
    return { refType: isChild ? "CHILD_OF" : "FOLLOWS_FROM", traceID: link.traceId, spanID: link.spanId };
  });
  return parentId === "" ? linked : [parent, ...linked];
}

function log(event: StoredEvent): JaegerLog {
  const fields = event.attributes.map(([key, value]) => tag(key, value));
  const hasOwnName = event.attributes.some(([key]) => key === "event");
  const named = event.name === "" || hasOwnName ? fields : [tag("event", event.name), ...fields];
  return { timestamp: event.timeUs, fields: named };
}

function tag(key: string, value: StoredValue): JaegerTag {
  switch (typeof value) {
    case "boolean":
      return { key, type: "bool", value };
    case "number":
      return { key, type: Number.isInteger(value) ? "int64" : "float64", value };
    case "object":
      if (value !== null && "$int" in value) return { key, type: "int64", value: value.$int };
      if (value !== null && "$double" in value) return { key, type: "float64", value: value.$double };
      if (value !== null && "$bytes" in value) return { key, type: "binary", value: value.$bytes };
      return { key, type: "string", value: valueText(value) };
    default:
      return { key, type: "string", value };
  }
}

function warnings(detail: SpanDetail): string[] | null {
  return detail.endsBeforeStart ? ["the span ends before it starts; its duration is shown as 0"] : null;
}
