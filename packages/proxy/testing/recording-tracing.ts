/** Spans kept in memory, for tests of what handlers record. */
import type {
  Attributes,
  AttributeValue,
  Span,
  SpanContext,
  SpanKind,
  Tracing,
  TracingStats,
} from "@ais/tracing/types.ts";

export class RecordedSpan implements Span {
  readonly name: string;
  readonly recording = true;
  readonly context: SpanContext;
  readonly attributes: Record<string, AttributeValue> = {};
  readonly events: { name: string; attributes: Attributes }[] = [];
  readonly children: RecordedSpan[] = [];
  failure: string | null = null;
  ended = false;

  constructor(name: string, context: SpanContext) {
    this.name = name;
    this.context = context;
  }

  set(name: string, value: AttributeValue): void {
    this.attributes[name] = value;
  }
  event(name: string, attributes: Attributes = {}): void {
    this.events.push({ name, attributes });
  }
  link(): void {}
  fail(errorType: string): void {
    this.failure = errorType;
  }
  exception(): void {}
  child(name: string, _kind?: SpanKind): Span {
    const spanId = (this.children.length + 2).toString(16).padStart(16, "0");
    const child = new RecordedSpan(name, { ...this.context, spanId });
    this.children.push(child);
    return child;
  }
  end(): void {
    this.ended = true;
  }
}

export class RecordingTracing implements Tracing {
  readonly roots: RecordedSpan[] = [];

  startServer(name: string): Span {
    return this.#root(name);
  }
  startRoot(name: string): Span {
    return this.#root(name);
  }
  redirectQuery(span: Span): string {
    return `traceparent=00-${span.context.traceId}-${span.context.spanId}-01`;
  }
  outboundHeaders(span: Span): Readonly<Record<string, string>> {
    return { traceparent: `00-${span.context.traceId}-${span.context.spanId}-01` };
  }
  responseHeaders(): Readonly<Record<string, string>> {
    return {};
  }
  async configure(): Promise<void> {}
  stats(): TracingStats {
    throw new Error("not recorded here");
  }
  async stop(): Promise<void> {}

  #root(name: string): RecordedSpan {
    const span = new RecordedSpan(name, {
      traceId: "a".repeat(32),
      spanId: "1".padStart(16, "0"),
      traceFlags: 1,
    });
    this.roots.push(span);
    return span;
  }
}
