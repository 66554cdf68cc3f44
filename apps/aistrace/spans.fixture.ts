import { must } from "@ais/base/assert.ts";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";

type ReadableSpan = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number];
type HrTime = ReadableSpan["startTime"];

/** A span as a test names it. Times are milliseconds since the epoch, with fractions. */
export interface TestSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly service?: string;
  readonly resource?: ReadableSpan["attributes"];
  readonly scope?: string;
  readonly name?: string;
  /** As in `@opentelemetry/api`: 0 internal, 1 server, 2 client, 3 producer, 4 consumer. */
  readonly kind?: number;
  readonly startMs: number;
  readonly durationMs?: number;
  readonly attributes?: ReadableSpan["attributes"];
  readonly events?: readonly { name: string; timeMs: number; attributes?: ReadableSpan["attributes"] }[];
  readonly links?: readonly { traceId: string; spanId: string }[];
  readonly error?: boolean;
  readonly statusMessage?: string;
}

/** An `ExportTraceServiceRequest` by OpenTelemetry's own encoder. */
export function encodeSpans(spans: readonly TestSpan[]): Uint8Array<ArrayBuffer> {
  const bytes = must(
    ProtobufTraceSerializer.serializeRequest(spans.map(readableSpan)),
    "spans can be encoded",
  );
  return new Uint8Array(bytes);
}

export function traceId(n: number): string {
  return (0xa15n * 2n ** 100n + BigInt(n)).toString(16).padStart(32, "0");
}

export function spanId(n: number): string {
  return (0x5a1n * 2n ** 48n + BigInt(n)).toString(16).padStart(16, "0");
}

function readableSpan(span: TestSpan): ReadableSpan {
  const attributes = { "service.name": span.service ?? "shop", ...span.resource };
  const resource: ReadableSpan["resource"] = {
    attributes,
    merge: () => resource,
    getRawAttributes: () => Object.entries(attributes),
  };
  const context = (id: string): ReturnType<ReadableSpan["spanContext"]> => ({
    traceId: span.traceId,
    spanId: id,
    traceFlags: 1,
  });
  const durationMs = span.durationMs ?? 1;
  return {
    name: span.name ?? "work",
    kind: span.kind ?? 0,
    spanContext: () => context(span.spanId),
    ...(span.parentSpanId !== undefined && { parentSpanContext: context(span.parentSpanId) }),
    startTime: hrTime(span.startMs),
    endTime: addMs(hrTime(span.startMs), durationMs),
    duration: hrTime(durationMs),
    status: {
      code: span.error === true ? 2 : 0,
      ...(span.statusMessage !== undefined && { message: span.statusMessage }),
    },
    attributes: span.attributes ?? {},
    links: (span.links ?? []).map((link) => ({ context: { ...link, traceFlags: 1 } })),
    events: (span.events ?? []).map(({ name, timeMs, attributes: fields }) => ({
      name,
      time: hrTime(timeMs),
      attributes: fields ?? {},
    })),
    ended: true,
    resource,
    instrumentationScope: { name: span.scope ?? "test", version: "1.0" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** Adds in nanoseconds: a sum of milliseconds since the epoch has no room for them. */
function addMs([seconds, ns]: HrTime, ms: number): HrTime {
  const total = ns + Math.round(ms * 1e6);
  return [seconds + Math.floor(total / 1e9), ((total % 1e9) + 1e9) % 1e9];
}
