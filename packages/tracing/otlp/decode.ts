/** OTLP's protobuf encoding read into plain objects. Unknown fields are passed over, so newer senders are understood. */
import { DecodeBudget } from "./budget.ts";
import { ByteReader, malformed } from "./byte-reader.ts";
import { decodeKeyValue, type MutableAttributes, newAttributes } from "./decode-value.ts";
import type { OtlpEvent, OtlpLink, OtlpResourceSpans, OtlpScopeSpans, OtlpSpan } from "./types.ts";

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const NO_SPAN_ID = "0".repeat(16);

/** Decodes `ExportTraceServiceRequest` bytes (also `TracesData`). Malformed bytes: `AisError` badRequest. */
export function decodeExportRequest(bytes: Uint8Array): OtlpResourceSpans[] {
  const budget = new DecodeBudget();
  const reader = new ByteReader(bytes);
  const all: OtlpResourceSpans[] = [];
  while (reader.next()) {
    if (reader.field === 1) all.push(decodeResourceSpans(reader.message(), budget));
    else reader.skip();
  }
  return all;
}

function decodeResourceSpans(reader: ByteReader, budget: DecodeBudget): OtlpResourceSpans {
  budget.item();
  const attributes = newAttributes();
  const scopeSpans: OtlpScopeSpans[] = [];
  while (reader.next()) {
    if (reader.field === 1) {
      const resource = reader.message();
      while (resource.next()) {
        if (resource.field === 1) decodeKeyValue(resource.message(), attributes, budget);
        else resource.skip();
      }
    } else if (reader.field === 2) scopeSpans.push(decodeScopeSpans(reader.message(), budget));
    else reader.skip();
  }
  return { resource: { attributes }, scopeSpans };
}

function decodeScopeSpans(reader: ByteReader, budget: DecodeBudget): OtlpScopeSpans {
  budget.item();
  let scope: OtlpScopeSpans["scope"] = { name: "", version: "" };
  const spans: OtlpSpan[] = [];
  while (reader.next()) {
    if (reader.field === 1) scope = decodeScope(reader.message());
    else if (reader.field === 2) spans.push(decodeSpan(reader.message(), budget));
    else reader.skip();
  }
  return { scope, spans };
}

function decodeScope(reader: ByteReader): OtlpScopeSpans["scope"] {
  let name = "";
  let version = "";
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) version = reader.text();
    else reader.skip();
  }
  return { name, version };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function decodeSpan(reader: ByteReader, budget: DecodeBudget): OtlpSpan {
  budget.item();
  const span = emptySpan();
  while (reader.next()) {
    if (!decodeScalar(reader, span)) decodePart(reader, span, budget);
  }
  if (span.traceId === "" || span.spanId === "") throw malformed("a span without trace id or span id");
  // Some senders write a root's missing parent as zeros.
  if (span.parentSpanId === NO_SPAN_ID) span.parentSpanId = "";
  return span;
}

interface SpanParts {
  readonly attributes: MutableAttributes;
  readonly events: OtlpEvent[];
  readonly links: OtlpLink[];
}

function emptySpan(): Mutable<OtlpSpan> & SpanParts {
  return {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    traceState: "",
    name: "",
    kind: 0,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes: newAttributes(),
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: 0, message: "" },
    flags: 0,
  };
}

/** False when the field is none of the span's plain values. */
function decodeScalar(reader: ByteReader, span: Mutable<OtlpSpan>): boolean {
  switch (reader.field) {
    case 1:
      span.traceId = reader.id(TRACE_ID_BYTES);
      return true;
    case 2:
      span.spanId = reader.id(SPAN_ID_BYTES);
      return true;
    case 3:
      span.traceState = reader.text();
      return true;
    case 4:
      span.parentSpanId = reader.id(SPAN_ID_BYTES);
      return true;
    case 5:
      span.name = reader.text();
      return true;
    case 6:
      span.kind = reader.uint32();
      return true;
    case 7:
      span.startTimeUnixNano = reader.fixed64();
      return true;
    case 8:
      span.endTimeUnixNano = reader.fixed64();
      return true;
    case 16:
      span.flags = reader.fixed32();
      return true;
    default:
      return false;
  }
}

function decodePart(reader: ByteReader, span: Mutable<OtlpSpan> & SpanParts, budget: DecodeBudget): void {
  switch (reader.field) {
    case 9:
      decodeKeyValue(reader.message(), span.attributes, budget);
      break;
    case 10:
      span.droppedAttributesCount = reader.uint32();
      break;
    case 11:
      span.events.push(decodeEvent(reader.message(), budget));
      break;
    case 12:
      span.droppedEventsCount = reader.uint32();
      break;
    case 13:
      span.links.push(decodeLink(reader.message(), budget));
      break;
    case 14:
      span.droppedLinksCount = reader.uint32();
      break;
    case 15:
      span.status = decodeStatus(reader.message());
      break;
    default:
      reader.skip();
  }
}

function decodeEvent(reader: ByteReader, budget: DecodeBudget): OtlpEvent {
  budget.item();
  const attributes = newAttributes();
  let timeUnixNano = 0n;
  let name = "";
  while (reader.next()) {
    if (reader.field === 1) timeUnixNano = reader.fixed64();
    else if (reader.field === 2) name = reader.text();
    else if (reader.field === 3) decodeKeyValue(reader.message(), attributes, budget);
    else reader.skip();
  }
  return { timeUnixNano, name, attributes };
}

function decodeLink(reader: ByteReader, budget: DecodeBudget): OtlpLink {
  budget.item();
  const attributes = newAttributes();
  let traceId = "";
  let spanId = "";
  let traceState = "";
  while (reader.next()) {
    if (reader.field === 1) traceId = reader.id(TRACE_ID_BYTES);
    else if (reader.field === 2) spanId = reader.id(SPAN_ID_BYTES);
    else if (reader.field === 3) traceState = reader.text();
    else if (reader.field === 4) decodeKeyValue(reader.message(), attributes, budget);
    else reader.skip();
  }
  return { traceId, spanId, traceState, attributes };
}

function decodeStatus(reader: ByteReader): OtlpSpan["status"] {
  let code = 0;
  let message = "";
  while (reader.next()) {
    if (reader.field === 2) message = reader.text();
    else if (reader.field === 3) code = reader.uint32();
    else reader.skip();
  }
  return { code, message };
}
