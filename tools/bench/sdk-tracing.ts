/**
 * `Tracing` on the stock OpenTelemetry JavaScript SDK, to compare with: same spans, same attributes, same propagation.
 * Batch and queue are as large as our own, since with the SDK's defaults it would drop most of the spans.
 */
import type { AttributeBlock } from "@ais/tracing/attribute-block.ts";
import type {
  Attributes,
  AttributeValue,
  CreateTracing,
  Span,
  SpanContext,
  SpanFacts,
  Tracing,
} from "@ais/tracing/types.ts";
import { NO_TAIL, SPAN_KIND } from "@ais/tracing/types.ts";
import * as api from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const BATCH = {
  scheduledDelayMillis: 1_000,
  maxExportBatchSize: 2_048,
  maxQueueSize: 65_536,
  exportTimeoutMillis: 10_000,
};
const KINDS = {
  [SPAN_KIND.internal]: api.SpanKind.INTERNAL,
  [SPAN_KIND.server]: api.SpanKind.SERVER,
  [SPAN_KIND.client]: api.SpanKind.CLIENT,
} as const;
const NO_HEADERS = {};

class SdkSpan implements Span {
  readonly inner: api.Span;
  readonly recording: boolean;
  readonly stage = "";
  readonly sampled: boolean;
  readonly #tracer: api.Tracer;

  constructor(inner: api.Span, tracer: api.Tracer) {
    this.inner = inner;
    this.recording = inner.isRecording();
    this.sampled = this.recording;
    this.#tracer = tracer;
  }

  get context(): SpanContext {
    return this.inner.spanContext();
  }

  set(name: string, value: AttributeValue): void {
    this.inner.setAttribute(name, value as api.AttributeValue);
  }

  add({ attributes }: AttributeBlock): void {
    this.inner.setAttributes(attributes as api.Attributes);
  }

  describe(facts: SpanFacts): void {
    facts.describe(this, facts.values);
  }

  event(name: string, attributes?: Attributes): void {
    this.inner.addEvent(name, attributes as api.Attributes);
  }

  link(context: SpanContext, attributes?: Attributes): void {
    this.inner.addLink({ context, attributes: (attributes ?? {}) as api.Attributes });
  }

  fail(errorType: string, message?: string): void {
    this.set("error.type", errorType);
    this.inner.setStatus({ code: api.SpanStatusCode.ERROR, message: message ?? "" });
  }

  exception(error: unknown): void {
    this.inner.recordException(error instanceof Error ? error : String(error));
  }

  child(name: string, kind: 1 | 2 | 3 = SPAN_KIND.internal): Span {
    const parent = api.trace.setSpan(api.ROOT_CONTEXT, this.inner);
    return new SdkSpan(this.#tracer.startSpan(name, { kind: KINDS[kind] }, parent), this.#tracer);
  }

  end(): void {
    this.inner.end();
  }
}

export const createSdkTracing: CreateTracing = ({ role, nodeId, version, hostname, env }): Tracing => {
  const endpoint = env["BENCH_SDK_ENDPOINT"] ?? "";
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      "service.name": `aistore-${role}`,
      "service.version": version,
      "service.instance.id": nodeId,
      "host.name": hostname,
      "process.pid": process.pid,
    }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: endpoint }), BATCH)],
  });
  const tracer = provider.getTracer("ais", version);
  const traceParent = (span: Span): string => {
    const { traceId, spanId, traceFlags } = span.context;
    return `00-${traceId}-${spanId}-0${traceFlags}`;
  };
  return {
    startServer(name, carrier) {
      const text = carrier.query("traceparent") ?? carrier.header("traceparent");
      const parent = text === null ? null : parseTraceParent(text);
      const context = parent === null ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, parent);
      return new SdkSpan(tracer.startSpan(name, { kind: api.SpanKind.SERVER }, context), tracer);
    },
    startRoot: (name) => new SdkSpan(tracer.startSpan(name, {}, api.ROOT_CONTEXT), tracer),
    redirectQuery: (span) => (span instanceof SdkSpan ? `traceparent=${traceParent(span)}` : ""),
    outboundHeaders: (span) => (span instanceof SdkSpan ? { traceparent: traceParent(span) } : NO_HEADERS),
    responseHeaders: (span) =>
      span instanceof SdkSpan
        ? { traceresponse: traceParent(span), "Server-Timing": `traceparent;desc="${traceParent(span)}"` }
        : NO_HEADERS,
    judge: () => false,
    onTail() {},
    exportTraces() {},
    test: () => Promise.reject(new Error("not a part of the comparison")),
    async configure() {},
    stats: () => ({
      build: "oteltracing",
      enabled: true,
      endpoint,
      spansStarted: 0,
      spansEnded: 0,
      spansExported: 0,
      spansQueued: 0,
      spansDropped: {},
      limitsHit: {},
      queueBytes: 0,
      queueCapacityBytes: 0,
      queueCapacitySpans: 0,
      exports: 0,
      exportFailures: 0,
      lastExportMs: 0,
      lastExportTime: "",
      lastError: "",
      lastErrorTime: "",
      samplerProbability: 1,
      tail: NO_TAIL,
    }),
    stop: () => provider.shutdown(),
  };
};
