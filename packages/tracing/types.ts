/**
 * What the rest of the system sees of tracing. `on.ts` and `off.ts` both export `createTracing(options): Tracing`; the
 * export condition `oteltracing` chooses between them (tracing.md 2). Context is a parameter, never ambient.
 */

import type { Clock } from "@ais/base/clock.ts";
import type { Logger } from "@ais/base/log.ts";
import type { TracingSection } from "@ais/wire/tracing-config.ts";
import type { SpanContext } from "@opentelemetry/api";

export type { SpanContext };

/** An OpenTelemetry attribute value. Integers that are safe go out as int64, other numbers as double. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | readonly boolean[];
/** A member without a value is left out. */
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** Numbers are OTLP's `Span.SpanKind`. */
export type SpanKind = 1 | 2 | 3;
export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;

export interface Span {
  /** W3C context; all zeros when tracing is off. An unsampled span has a valid context without the sampled flag. */
  readonly context: SpanContext;
  /** False: nothing is kept, so attributes that cost something to compute should not be. */
  readonly recording: boolean;
  set(name: string, value: AttributeValue): void;
  event(name: string, attributes?: Attributes): void;
  link(context: SpanContext, attributes?: Attributes): void;
  /** Status ERROR with `error.type`. */
  fail(errorType: string, message?: string): void;
  /** Adds the semantic-convention `exception` event. Does not set the status. */
  exception(error: unknown): void;
  /** A child that the caller must end. On a non-recording span it returns a span that does nothing. */
  child(name: string, kind?: SpanKind): Span;
  /** Ends the span now. A second call does nothing. */
  end(): void;
}

/** Ways to read the context of an incoming request. Absent is null. */
export interface InboundCarrier {
  header(name: string): string | null;
  /** Decoded value of a query item, without its `?`; only `traceparent` and `tracestate` are asked for. */
  query(name: string): string | null;
}

export interface Tracing {
  /** The SERVER span of a request, continued from query then headers (tracing.md 3). Takes `{method} {route}` as name. */
  startServer(name: string, carrier: InboundCarrier): Span;
  /** A root INTERNAL span of background work. */
  startRoot(name: string, links?: readonly SpanContext[]): Span;
  /** Query items that carry `span` across a redirect, such as `traceparent=00-…`; empty when there is nothing to carry. */
  redirectQuery(span: Span): string;
  /** `traceparent` and `tracestate` (and baggage taken in with the request) for a call to a peer. Empty when off. */
  outboundHeaders(span: Span): Readonly<Record<string, string>>;
  /** `traceresponse` and `Server-Timing` of a reply. Empty when off. */
  responseHeaders(span: Span): Readonly<Record<string, string>>;
  /** Applies a validated section; drains what was recorded under the old one first. Never rejects. */
  configure(section: TracingSection): Promise<void>;
  stats(): TracingStats;
  /** Flushes for at most `deadlineMs`, then drops and counts the rest. Never rejects. */
  stop(deadlineMs: number): Promise<void>;
}

/**
 * `queue_full`: the collector does not keep up; `rejected`: the collector took the rest of the batch; `refused`: it refused
 * the batch for good; `unavailable`: retried in vain; `shutdown`: not out by the deadline; `reconfigured`: not out by the
 * deadline of a change of destination; `disabled`: ended after tracing was turned off; `worker_crash`: lost with the
 * exporter.
 */
export type DropReason =
  | "queue_full"
  | "rejected"
  | "refused"
  | "unavailable"
  | "shutdown"
  | "reconfigured"
  | "disabled"
  | "worker_crash";

export type RecordingLimit = "attributes" | "events" | "links" | "valueLength" | "keyLength" | "spanSize";

export interface TracingStats {
  /** `plain`: built without tracing. */
  readonly build: "oteltracing" | "plain";
  readonly enabled: boolean;
  /** The transport chosen, for people: `grpc://localhost:4317 (plaintext)`. Empty when off. */
  readonly endpoint: string;
  readonly spansStarted: number;
  readonly spansExported: number;
  /** Sampled spans that have ended. At every moment it is exported + dropped + queued. */
  readonly spansEnded: number;
  /** Recorded and not yet answered for by the collector. */
  readonly spansQueued: number;
  /** By reason: a `DropReason`. */
  readonly spansDropped: Readonly<Record<string, number>>;
  /** Parts of spans that were left out or cut, by limit: a `RecordingLimit`. */
  readonly limitsHit: Readonly<Record<string, number>>;
  readonly queueBytes: number;
  readonly queueCapacityBytes: number;
  readonly exports: number;
  readonly exportFailures: number;
  /** Milliseconds of the last export. */
  readonly lastExportMs: number;
  readonly lastError: string;
}

export interface TracingOptions {
  /** `proxy` or `target`: the service name is `<prefix>-<role>`. */
  readonly role: string;
  readonly nodeId: string;
  readonly version: string;
  readonly hostname: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly clock: Clock;
}

export type CreateTracing = (options: TracingOptions) => Tracing;
