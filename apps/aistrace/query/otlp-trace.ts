import { decodeDetail } from "../store/detail.ts";
import type { StoredOrigin, StoredSpan, TraceReader } from "../store/reader.ts";
import type { StoredAttributes, StoredValue } from "../store/values.ts";

/** OTLP's `TracesData` in its JSON encoding: ids as hex, 64-bit integers as texts. */
export interface OtlpJsonTrace {
  readonly resourceSpans: readonly OtlpJsonResourceSpans[];
}

interface OtlpJsonResourceSpans {
  readonly resource: { readonly attributes: readonly OtlpJsonAttribute[] };
  readonly scopeSpans: readonly [{ readonly scope: object; readonly spans: readonly object[] }];
}

interface OtlpJsonAttribute {
  readonly key: string;
  readonly value: object;
}

export function otlpTrace(reader: TraceReader, num: number, traceId: string): OtlpJsonTrace {
  const byOrigin = Map.groupBy(reader.spans(num), ({ origin }) => origin);
  return {
    resourceSpans: [...byOrigin].map(([id, spans]) => resourceSpans(reader.origin(id), spans, traceId)),
  };
}

function resourceSpans(
  origin: StoredOrigin,
  spans: readonly StoredSpan[],
  traceId: string,
): OtlpJsonResourceSpans {
  const scope = {
    ...(origin.scopeName !== "" && { name: origin.scopeName }),
    ...(origin.scopeVersion !== "" && { version: origin.scopeVersion }),
  };
  return {
    resource: { attributes: attributes(origin.attributes) },
    scopeSpans: [{ scope, spans: spans.map((span) => spanJson(span, traceId)) }],
  };
}

function spanJson(span: StoredSpan, traceId: string): object {
  const detail = decodeDetail(span.detail);
  const startNs = BigInt(span.startUs) * 1000n;
  return {
    traceId,
    spanId: span.spanId,
    ...(span.parentId !== "" && { parentSpanId: span.parentId }),
    ...(detail.traceState !== "" && { traceState: detail.traceState }),
    ...(detail.flags !== 0 && { flags: detail.flags }),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + BigInt(span.durationNs)),
    attributes: attributes(detail.attributes),
    ...(detail.droppedAttributes > 0 && { droppedAttributesCount: detail.droppedAttributes }),
    events: detail.events.map((event) => ({
      timeUnixNano: String(BigInt(event.timeUs) * 1000n),
      name: event.name,
      attributes: attributes(event.attributes),
    })),
    ...(detail.droppedEvents > 0 && { droppedEventsCount: detail.droppedEvents }),
    links: detail.links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      attributes: attributes(link.attributes),
    })),
    ...(detail.droppedLinks > 0 && { droppedLinksCount: detail.droppedLinks }),
    status: {
      ...(detail.statusCode !== 0 && { code: detail.statusCode }),
      ...(detail.statusMessage !== "" && { message: detail.statusMessage }),
    },
  };
}

function attributes(stored: StoredAttributes): OtlpJsonAttribute[] {
  return stored.map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: StoredValue): object {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "number":
      return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
    default:
      if (value === null) return {};
      if ("$int" in value) return { intValue: value.$int };
      if ("$double" in value) return { doubleValue: value.$double };
      if ("$bytes" in value) return { bytesValue: value.$bytes };
      if ("$map" in value) return { kvlistValue: { values: attributes(value.$map) } };
      return { arrayValue: { values: value.map(anyValue) } };
  }
}
