import type { OtlpSpan } from "@ais/tracing/otlp/types.ts";
import { detailOf, encodeDetail } from "./detail.ts";
import { type Signature, SignatureBuilder } from "./signature.ts";
import { isError, spanTags, visitSearchable } from "./tags.ts";

/** A span ready to be written. */
export interface SpanRow {
  readonly traceId: string;
  readonly spanId: Uint8Array;
  /** Null for a root. */
  readonly parentId: Uint8Array | null;
  readonly name: string;
  readonly kind: number;
  readonly startUs: number;
  readonly durationNs: number;
  readonly error: boolean;
  readonly signature: Signature;
  readonly detail: string;
}

export const MAX_SPAN_DETAIL_BYTES = 1024 * 1024;
export const MAX_SPAN_NAME_CHARS = 1024;

const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;
const ALL_ZERO = /^0*$/;

/** The row of a span, or the reason why the span is refused. */
export function spanRow(span: OtlpSpan, scopeName: string, scopeVersion: string): SpanRow | string {
  if (!TRACE_ID.test(span.traceId) || ALL_ZERO.test(span.traceId))
    return `trace id "${span.traceId}" is not valid`;
  if (!SPAN_ID.test(span.spanId) || ALL_ZERO.test(span.spanId))
    return `span id "${span.spanId}" is not valid`;
  const isRoot = ALL_ZERO.test(span.parentSpanId);
  if (!isRoot && !SPAN_ID.test(span.parentSpanId))
    return `parent span id "${span.parentSpanId}" is not valid`;

  const detail = detailOf(span);
  const text = encodeDetail(detail);
  if (text.length > MAX_SPAN_DETAIL_BYTES) {
    return `span "${span.spanId}" has ${text.length} bytes of attributes, events and links, the limit is ${MAX_SPAN_DETAIL_BYTES}`;
  }
  const kind = span.kind >= 0 && span.kind <= 5 ? span.kind : 0;
  const signature = new SignatureBuilder();
  visitSearchable(spanTags(detail, kind, scopeName, scopeVersion), detail, (key, value) =>
    signature.add(key, value),
  );
  return {
    traceId: span.traceId,
    spanId: Buffer.from(span.spanId, "hex"),
    parentId: isRoot ? null : Buffer.from(span.parentSpanId, "hex"),
    name: span.name.slice(0, MAX_SPAN_NAME_CHARS),
    kind,
    startUs: Number(span.startTimeUnixNano / 1000n),
    durationNs: detail.endsBeforeStart ? 0 : Number(span.endTimeUnixNano - span.startTimeUnixNano),
    error: isError(detail),
    signature: signature.words(),
    detail: text,
  };
}
