/** Tracing that keeps its spans in memory, for tests of what requests record. */
import type { AttributeBlock } from "@ais/tracing/attribute-block.ts";
import {
  type Attributes,
  type AttributeValue,
  type ExportTest,
  type InboundCarrier,
  NO_TAIL,
  type Span,
  type SpanContext,
  type SpanFacts,
  type SpanKind,
  type Tracing,
  type TracingStats,
} from "@ais/tracing/types.ts";
import type { TracingSection } from "@ais/wire/tracing-config.ts";

export class RecordedSpan implements Span {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  /** Span id of the parent; empty for a root. */
  readonly parent: string;
  readonly recording = true;
  readonly sampled = true;
  readonly stage = "";
  readonly attributes: Record<string, AttributeValue> = {};
  readonly events: { readonly name: string; readonly attributes: Attributes }[] = [];
  readonly exceptions: unknown[] = [];
  readonly children: RecordedSpan[] = [];
  failure: string | null = null;
  endings = 0;
  readonly #ended = Promise.withResolvers<void>();

  constructor(name: string, kind: SpanKind, traceId: string, parent: string) {
    this.name = name;
    this.kind = kind;
    this.parent = parent;
    this.context = { traceId, spanId: crypto.randomUUID().replaceAll("-", "").slice(0, 16), traceFlags: 1 };
  }

  set(name: string, value: AttributeValue): void {
    this.attributes[name] = value;
  }
  add({ attributes }: AttributeBlock): void {
    Object.assign(this.attributes, attributes);
  }
  describe(facts: SpanFacts): void {
    facts.describe(this, facts.values);
  }
  event(name: string, attributes: Attributes = {}): void {
    this.events.push({ name, attributes });
  }
  link(): void {}
  fail(errorType: string): void {
    this.failure = errorType;
  }
  exception(error: unknown): void {
    this.exceptions.push(error);
  }
  child(name: string, kind: SpanKind = 1): RecordedSpan {
    const child = new RecordedSpan(name, kind, this.context.traceId, this.context.spanId);
    this.children.push(child);
    return child;
  }
  end(): void {
    this.endings++;
    this.#ended.resolve();
  }
  ended(): Promise<void> {
    return this.#ended.promise;
  }
}

export class RecordingTracing implements Tracing {
  readonly roots: RecordedSpan[] = [];
  /** Trace ids that `exportTraces` was given. */
  readonly asked: string[] = [];
  readonly sections: TracingSection[] = [];

  /** The newest root. */
  get last(): RecordedSpan {
    const span = this.roots.at(-1);
    if (span === undefined) throw new Error("nothing was traced");
    return span;
  }

  startServer(name: string, carrier: InboundCarrier): RecordedSpan {
    const parent = (carrier.query("traceparent") ?? carrier.header("traceparent") ?? "").split("-");
    return this.#root(name, 2, parent[1], parent[2]);
  }
  startRoot(name: string): RecordedSpan {
    return this.#root(name, 1);
  }
  redirectQuery(span: Span): string {
    return `traceparent=${traceparent(span)}`;
  }
  outboundHeaders(span: Span): Readonly<Record<string, string>> {
    return { traceparent: traceparent(span) };
  }
  responseHeaders(span: Span): Readonly<Record<string, string>> {
    return { traceresponse: traceparent(span) };
  }
  judge(): boolean {
    return false;
  }
  onTail(): void {}
  exportTraces(traceIds: readonly string[]): void {
    this.asked.push(...traceIds);
  }
  async test(): Promise<ExportTest> {
    return EXPORT_TEST;
  }
  async configure(section: TracingSection): Promise<void> {
    this.sections.push(section);
  }
  stats(): TracingStats {
    return RECORDING_STATS;
  }
  async stop(): Promise<void> {}

  #root(name: string, kind: SpanKind, traceId?: string, parent = ""): RecordedSpan {
    const span = new RecordedSpan(name, kind, traceId ?? crypto.randomUUID().replaceAll("-", ""), parent);
    this.roots.push(span);
    return span;
  }
}

function traceparent({ context }: Span): string {
  return `00-${context.traceId}-${context.spanId}-01`;
}

const RECORDING_STATS: TracingStats = {
  build: "oteltracing",
  enabled: true,
  endpoint: "",
  spansStarted: 7,
  spansEnded: 7,
  spansExported: 4,
  spansQueued: 0,
  spansDropped: { queue_full: 3 },
  limitsHit: {},
  queueBytes: 0,
  queueCapacityBytes: 1,
  queueCapacitySpans: 1,
  exports: 1,
  exportFailures: 0,
  lastExportMs: 2,
  lastExportTime: "",
  lastError: "",
  lastErrorTime: "",
  samplerProbability: 1,
  tail: NO_TAIL,
};

const EXPORT_TEST: ExportTest = {
  ok: true,
  build: "oteltracing",
  enabled: true,
  endpoint: "grpc://collector:4317 (plaintext)",
  token: "none",
  latencyMs: 2,
  status: "OK",
  traceId: "b".repeat(32),
};
