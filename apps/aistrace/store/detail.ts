import type { OtlpSpan } from "@ais/tracing/otlp/types.ts";
import { type StoredAttributes, storeAttributes } from "./values.ts";

/** What a span has besides its indexed columns; stored as JSON, with short names and without what is empty. */
export interface SpanDetail {
  readonly attributes: StoredAttributes;
  readonly events: readonly StoredEvent[];
  readonly links: readonly StoredLink[];
  /** OTLP's `Status.StatusCode`. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly traceState: string;
  readonly droppedAttributes: number;
  readonly droppedEvents: number;
  readonly droppedLinks: number;
  readonly flags: number;
  /** The span said that it ended before it began. */
  readonly endsBeforeStart: boolean;
}

export interface StoredEvent {
  readonly timeUs: number;
  readonly name: string;
  readonly attributes: StoredAttributes;
}

export interface StoredLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: StoredAttributes;
}

interface DetailJson {
  readonly a?: StoredAttributes;
  readonly e?: readonly (readonly [number, string, StoredAttributes])[];
  readonly l?: readonly (readonly [string, string, StoredAttributes])[];
  readonly c?: number;
  readonly m?: string;
  readonly t?: string;
  readonly d?: readonly [number, number, number];
  readonly f?: number;
  readonly r?: true;
}

export function detailOf(span: OtlpSpan): SpanDetail {
  return {
    attributes: storeAttributes(span.attributes),
    events: span.events.map((event) => ({
      timeUs: Number(event.timeUnixNano / 1000n),
      name: event.name,
      attributes: storeAttributes(event.attributes),
    })),
    links: span.links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      attributes: storeAttributes(link.attributes),
    })),
    statusCode: span.status.code,
    statusMessage: span.status.message,
    traceState: span.traceState,
    droppedAttributes: span.droppedAttributesCount,
    droppedEvents: span.droppedEventsCount,
    droppedLinks: span.droppedLinksCount,
    flags: span.flags & 0xff,
    endsBeforeStart: span.endTimeUnixNano < span.startTimeUnixNano,
  };
}

export function encodeDetail(detail: SpanDetail): string {
  const { droppedAttributes, droppedEvents, droppedLinks } = detail;
  const json: DetailJson = {
    ...(detail.attributes.length > 0 && { a: detail.attributes }),
    ...(detail.events.length > 0 && {
      e: detail.events.map((event) => [event.timeUs, event.name, event.attributes] as const),
    }),
    ...(detail.links.length > 0 && {
      l: detail.links.map((link) => [link.traceId, link.spanId, link.attributes] as const),
    }),
    ...(detail.statusCode !== 0 && { c: detail.statusCode }),
    ...(detail.statusMessage !== "" && { m: detail.statusMessage }),
    ...(detail.traceState !== "" && { t: detail.traceState }),
    ...(droppedAttributes + droppedEvents + droppedLinks > 0 && {
      d: [droppedAttributes, droppedEvents, droppedLinks] as const,
    }),
    ...(detail.flags !== 0 && { f: detail.flags }),
    ...(detail.endsBeforeStart && { r: true as const }),
  };
  return JSON.stringify(json);
}

/** `text` comes from `encodeDetail`: this program is the only writer of its file. */
export function decodeDetail(text: string): SpanDetail {
  const json: DetailJson = JSON.parse(text);
  const [droppedAttributes = 0, droppedEvents = 0, droppedLinks = 0] = json.d ?? [];
  return {
    attributes: json.a ?? [],
    events: (json.e ?? []).map(([timeUs, name, attributes]) => ({ timeUs, name, attributes })),
    links: (json.l ?? []).map(([traceId, spanId, attributes]) => ({ traceId, spanId, attributes })),
    statusCode: json.c ?? 0,
    statusMessage: json.m ?? "",
    traceState: json.t ?? "",
    droppedAttributes,
    droppedEvents,
    droppedLinks,
    flags: json.f ?? 0,
    endsBeforeStart: json.r ?? false,
  };
}
