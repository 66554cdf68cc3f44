/**
 * What the rest of the system sees of tracing. `on.ts` and `off.ts` both export `createTracing(options): Tracing`; the
 * export condition `oteltracing` chooses between them (tracing.md 2). Context is a parameter, never ambient.
 */

import type { Clock } from "@ais/base/clock.ts";
import type { Logger } from "@ais/base/log.ts";
import type { TracingSection } from "@ais/wire/tracing-config.ts";
import type { SpanContext } from "@opentelemetry/api";
import type { AttributeBlock } from "./attribute-block.ts";

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

export type FactValue = string | number | null;

/** Attributes that are made when the span is exported, which most spans never are. */
export interface SpanFacts {
  /** Sets the attributes. One and the same function for all facts of a kind: until then only the values are kept. */
  readonly describe: (span: Pick<Span, "set" | "add">, values: readonly FactValue[]) => void;
  readonly values: readonly FactValue[];
}

export interface Span {
  /** W3C context; all zeros when tracing is off. An unsampled span has a valid context without the sampled flag. */
  readonly context: SpanContext;
  /** False: nothing is kept, so attributes that cost something to compute should not be. */
  readonly recording: boolean;
  /** True: it is exported, or will be. A span that records without it may be exported yet, by the tail rule. */
  readonly sampled: boolean;
  /** Of a request's SERVER span: name of the child that is open, empty when none is. Known whether or not it records. */
  readonly stage: string;
  set(name: string, value: AttributeValue): void;
  /** Sets the attributes of the block, none of which may be set otherwise. */
  add(block: AttributeBlock): void;
  /** Sets the attributes of `facts`, at the latest when the span is exported. */
  describe(facts: SpanFacts): void;
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
  /** Decoded value of a query item, without its `?`; only those of trace context are asked for. */
  query(name: string): string | null;
  /** Asked for only where a sampling rule or a signature needs it. Without it no rule matches and no signature holds. */
  facts?(): InboundFacts;
}

/** What sampling rules and signatures are about. */
export interface InboundFacts {
  readonly operation: string;
  /** `ais://nnn`; empty when the request is about no bucket. */
  readonly bucket: string;
  /** Of the object that the request brings; null when there is none or its size is not known yet. */
  readonly sizeBytes: number | null;
  /** The same text on both sides of a redirect. */
  readonly path: string;
}

export interface Tracing {
  /** The SERVER span of a request, continued from query then headers (tracing.md 3). Takes `{method} {route}` as name. */
  startServer(name: string, carrier: InboundCarrier): Span;
  /** A root INTERNAL span of background work. It is sampled when one of its links is, or as any other new trace. */
  startRoot(name: string, links?: readonly SpanContext[]): Span;
  /**
   * Query items that carry `span` across a redirect to a node, such as `traceparent=00-…`; empty when there is nothing to
   * carry. A node that believes no strangers believes them for `path` only.
   */
  redirectQuery(span: Span, nodeId?: string, path?: string): string;
  /** `traceparent` and `tracestate` (and baggage taken in with the request) for a call to a node. Empty when off. */
  outboundHeaders(span: Span, nodeId?: string, path?: string): Readonly<Record<string, string>>;
  /** `traceresponse` and `Server-Timing` of a reply. Empty when off. */
  responseHeaders(span: Span): Readonly<Record<string, string>>;
  /**
   * The tail rule (tracing.md 5): whether the trace of a request that was not sampled is exported after all. To be asked
   * when the reply is ready, so that its headers can say so, and again when it is out. True once for a request.
   */
  judge(span: Span, ending: RequestEnding): boolean;
  /** Called with every trace whose export `judge` or `exportTraces` began here, and the nodes that this one sent it to. */
  onTail(listener: (traceId: string, nodeIds: readonly string[]) => void): void;
  /**
   * Exports what this node holds of traces that were not sampled. A trace that it does not know yet is exported when its
   * request ends, if that is soon, and counts as missed otherwise, unless another process of this node may have had it.
   */
  exportTraces(traceIds: readonly string[], mayBeElsewhere?: boolean): void;
  /** Sends one span to the collector now, whatever is sampled and queued. Never rejects. */
  test(): Promise<ExportTest>;
  /**
   * Applies a validated section; drains what was recorded under the old one first. `clusterKey` is the secret by which nodes
   * know each other's contexts; without one, `trust_inbound=never` believes none at all. Never rejects.
   */
  configure(section: TracingSection, clusterKey?: Uint8Array): Promise<void>;
  stats(): TracingStats;
  /** Flushes for at most `deadlineMs`, then drops and counts the rest. Never rejects. */
  stop(deadlineMs: number): Promise<void>;
}

export interface RequestEnding {
  readonly operation: string;
  readonly status: number;
  /** So far. */
  readonly durationMs: number;
}

/** Why a trace was exported that was not sampled; `asked`: another node that served it asked for it. */
export type TailReason = "error" | "slow" | "asked";

/** What came of `Tracing.test`. */
export interface ExportTest {
  readonly ok: boolean;
  readonly build: TracingStats["build"];
  readonly enabled: boolean;
  /** With the transport and security that were chosen; empty when there is none. */
  readonly endpoint: string;
  /** `unreadable`: the token's file could not be read, so nothing was sent. */
  readonly token: "none" | "sent" | "unreadable";
  /** From the call to the collector's answer, connection included. */
  readonly latencyMs: number;
  /** What the collector said, or why it was not asked: `OK`, `UNAVAILABLE: …`. */
  readonly status: string;
  /** Of the span that was sent; empty when none was. */
  readonly traceId: string;
}

/**
 * `queue_full`: the collector does not keep up; `rejected`: the collector took the rest of the batch; `refused`: it refused
 * the batch for good; `unavailable`: retried in vain; `shutdown`: not out by the deadline; `reconfigured`: not out by the
 * deadline when tracing was turned off; `disabled`: ended after tracing was turned off; `worker_crash`: lost with the
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
  /** The queue's other bound: what comes when either is reached is dropped. */
  readonly queueCapacitySpans: number;
  readonly exports: number;
  readonly exportFailures: number;
  /** Milliseconds of the last export that the collector took. */
  readonly lastExportMs: number;
  /** When the collector last took something, RFC 3339; empty when it never did. */
  readonly lastExportTime: string;
  readonly lastError: string;
  /** When that was, RFC 3339; empty when there was none. An export that went well since does not clear it. */
  readonly lastErrorTime: string;
  /** Share of new traces that are sampled; 0 when off. */
  readonly samplerProbability: number;
  readonly tail: TailStats;
}

/** The flight recorder: spans of requests that were not sampled, kept for a while in case the tail rule wants them. */
export interface TailStats {
  /** False: nothing is kept. */
  readonly enabled: boolean;
  /** Requests exported, by `TailReason`. */
  readonly exported: Readonly<Record<TailReason, number>>;
  /** Requests that the rule would have exported, had there not been too many of them. */
  readonly limited: number;
  /** Traces that another node asked for and this one had no more. */
  readonly missed: number;
  /** Spans of requests with too many of them. */
  readonly spansLeftOut: number;
  readonly ringRequests: number;
  readonly ringBytes: number;
  readonly ringCapacityBytes: number;
}

export const NO_TAIL: TailStats = {
  enabled: false,
  exported: { error: 0, slow: 0, asked: 0 },
  limited: 0,
  missed: 0,
  spansLeftOut: 0,
  ringRequests: 0,
  ringBytes: 0,
  ringCapacityBytes: 0,
};

export interface TracingOptions {
  /** `proxy` or `target`: the service name is `<prefix>-<role>`. */
  readonly role: string;
  readonly nodeId: string;
  readonly version: string;
  readonly hostname: string;
  /** At which other nodes reach this one. */
  readonly address?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly clock: Clock;
}

export type CreateTracing = (options: TracingOptions) => Tracing;
