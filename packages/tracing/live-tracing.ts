import { errorText } from "@ais/base/errors.ts";
import type { TracingSection } from "@ais/wire/tracing-config.ts";
import * as carriers from "./context/carriers.ts";
import { ContextSigner } from "./context/context-signer.ts";
import {
  type InboundContext,
  type RemoteContext,
  readInbound,
  readSignedInbound,
} from "./context/inbound.ts";
import { type Destination, destinationOf } from "./export/destination.ts";
import { type BatchHeir, ExportLink } from "./export/export-link.ts";
import { encodeTestSpan } from "./export/test-span.ts";
import { exportWorkerUrl } from "./export/worker-url.ts";
import { type FlightLimits, FlightRecorder, flightOf } from "./flight/flight-recorder.ts";
import { FlightTrace } from "./flight/flight-trace.ts";
import { TailRule } from "./flight/tail-rule.ts";
import { NOOP_SPAN, QuietSpan } from "./noop.ts";
import { encodeResource, encodeScope } from "./otlp/request.ts";
import { type BatchSettings, batchSettings } from "./recorder/batch-settings.ts";
import { wrongNumbers } from "./recorder/env-number.ts";
import { Ledger } from "./recorder/ledger.ts";
import { spanLimits } from "./recorder/limits.ts";
import { LocalTrace, newTraceWords, type TraceWords, traceWords } from "./recorder/local-trace.ts";
import { Recorder, type SpanBatch } from "./recorder/recorder.ts";
import { NO_PARENT, type ParentLink, RecordingSpan } from "./recorder/recording-span.ts";
import { AnchoredClock } from "./recorder/time-anchor.ts";
import { type BeginTrace, ContinuedUnsampledSpan, NewUnsampledSpan } from "./recorder/unsampled-span.ts";
import { resourceAttributes } from "./resource.ts";
import { describeDecision, HeadSampler, probabilityOf } from "./sampling/head-sampler.ts";
import type {
  ExportTest,
  InboundCarrier,
  RequestEnding,
  Span,
  SpanContext,
  SpanKind,
  Tracing,
  TracingOptions,
  TracingStats,
} from "./types.ts";
import { SPAN_KIND } from "./types.ts";
import { hexWord } from "./w3c/hex.ts";
import { pooledRandomWords, type RandomWord } from "./w3c/random.ts";
import { SAMPLED_FLAG } from "./w3c/traceparent.ts";
import { CarriedTraceState } from "./w3c/tracestate.ts";

/** How long a change waits for what was recorded before it to reach the old collector. */
const RECONFIGURE_DRAIN_MS = 5_000;
const BAGGAGE = "baggage";

/** For tests. */
export interface TracingOverrides {
  readonly settings?: Partial<BatchSettings>;
  readonly workerUrl?: URL;
  readonly watchIntervalMs?: number;
  readonly reconfigureDrainMs?: number;
  readonly flightLimits?: FlightLimits;
}

/** What an enabled section comes to. */
interface Plan {
  readonly sampler: HeadSampler;
  readonly probability: number;
  /** Null: every caller's context is believed. */
  readonly trust: ClusterTrust | null;
  readonly destination: Destination;
  readonly resource: Uint8Array;
}

/** Only contexts that the cluster's key signed are believed. */
interface ClusterTrust {
  /** Null without a key. */
  readonly signer: ContextSigner | null;
}

export class LiveTracing implements Tracing {
  readonly #options: TracingOptions;
  readonly #overrides: TracingOverrides;
  readonly #settings: BatchSettings;
  readonly #ledger = new Ledger();
  readonly #clock: AnchoredClock;
  readonly #random: RandomWord = pooledRandomWords();
  readonly #recorder: Recorder;
  readonly #flight: FlightRecorder;
  /** Null while tracing is off. */
  #plan: Plan | null = null;
  #link: ExportLink | null = null;
  /** Of former destinations, until they are drained. */
  readonly #retired = new Set<ExportLink>();
  #stopped = false;

  constructor(options: TracingOptions, overrides: TracingOverrides = {}) {
    this.#options = options;
    this.#overrides = overrides;
    this.#settings = { ...batchSettings(options.env), ...overrides.settings };
    this.#clock = new AnchoredClock(options.clock);
    this.#recorder = new Recorder({
      ledger: this.#ledger,
      limits: spanLimits(options.env),
      settings: this.#settings,
      clock: this.#clock,
      random: this.#random,
      deliver: (batch) => this.#deliver(batch),
    });
    this.#recorder.close("disabled");
    for (const setting of wrongNumbers(options.env))
      options.logger.log("warn", "a setting of OpenTelemetry is no number, and ignored", { setting });
    this.#flight = new FlightRecorder(this.#recorder, overrides.flightLimits);
  }

  startServer(name: string, carrier: InboundCarrier): Span {
    const plan = this.#plan;
    if (plan === null) return new QuietSpan();
    const { trust } = plan;
    const inbound = trust === null ? readInbound(carrier) : readSignedInbound(carrier, trust.signer);
    if (inbound.parent !== null) {
      return this.#continued(name, inbound.parent, inbound, carrier.header(BAGGAGE));
    }
    const span = this.#root(plan, name, SPAN_KIND.server, carrier);
    linkTo(span, inbound.link);
    return span;
  }

  startRoot(name: string, links: readonly SpanContext[] = []): Span {
    if (this.#plan === null) return NOOP_SPAN;
    // Work for a request whose trace is kept is a part of what that trace tells.
    const isFollowed = links.some(({ traceFlags }) => (traceFlags & SAMPLED_FLAG) !== 0);
    const span = this.#root(this.#plan, name, SPAN_KIND.internal, null, isFollowed);
    for (const link of links) span.link(link);
    return span;
  }

  redirectQuery(span: Span, nodeId?: string, path?: string): string {
    if (nodeId !== undefined) flightOf(span)?.sentTo(nodeId);
    return carriers.redirectQuery(span, this.#sealFor(path));
  }

  outboundHeaders(span: Span, nodeId?: string, path?: string): Readonly<Record<string, string>> {
    if (nodeId !== undefined) flightOf(span)?.sentTo(nodeId);
    return carriers.outboundHeaders(span, this.#sealFor(path));
  }

  responseHeaders(span: Span): Readonly<Record<string, string>> {
    return carriers.responseHeaders(span);
  }

  judge(span: Span, ending: RequestEnding): boolean {
    return this.#flight.judge(span, ending);
  }

  onTail(listener: (traceId: string, nodeIds: readonly string[]) => void): void {
    this.#flight.onExport(listener);
  }

  exportTraces(traceIds: readonly string[], mayBeElsewhere = false): void {
    this.#flight.exportTraces(traceIds, mayBeElsewhere);
  }

  async test(): Promise<ExportTest> {
    const plan = this.#plan;
    const link = this.#link;
    const enabled = plan !== null;
    const base = { build: "oteltracing", enabled, endpoint: link?.endpoint ?? "", traceId: "" } as const;
    if (plan === null || link === null)
      return { ...base, ok: false, token: "none", latencyMs: 0, status: "tracing is disabled" };
    const { traceId, bytes } = encodeTestSpan(this.#recorder, this.#clock.anchor, this.#options.nodeId);
    const { ok, token, latencyMs, status } = await link.test(bytes, plan.resource);
    return { ...base, endpoint: link.endpoint, traceId, ok, token, latencyMs, status };
  }

  async configure(section: TracingSection, clusterKey?: Uint8Array): Promise<void> {
    if (this.#stopped) return;
    try {
      const plan = this.#planOf(section, clusterKey);
      this.#recorder.flush();
      this.#flight.follow(plan === null ? null : TailRule.of(section));
      const former = this.#switchTo(plan);
      if (former !== null) await this.#retire(former, plan !== null);
    } catch (error) {
      // The former section stays in force: tracing must never take its host down.
      this.#ledger.lastError = errorText(error);
      this.#options.logger.log("error", "failed to apply the tracing section", { error: errorText(error) });
    }
  }

  stats(): TracingStats {
    const ledger = this.#ledger;
    return {
      build: "oteltracing",
      enabled: this.#plan !== null,
      endpoint: this.#link?.endpoint ?? "",
      spansStarted: ledger.started,
      spansEnded: ledger.ended,
      spansExported: ledger.exported,
      spansQueued: ledger.queuedSpans,
      spansDropped: ledger.dropped,
      limitsHit: ledger.limitsHit,
      queueBytes: ledger.queuedBytes,
      queueCapacityBytes: this.#settings.queueBytes,
      queueCapacitySpans: this.#settings.queueSpans,
      exports: ledger.exports,
      exportFailures: ledger.exportFailures,
      lastExportMs: ledger.lastExportMs,
      lastExportTime: timeText(ledger.lastExportAtMs),
      lastError: ledger.lastError,
      lastErrorTime: timeText(ledger.lastErrorAtMs),
      samplerProbability: this.#plan?.probability ?? 0,
      tail: this.#flight.stats(),
    };
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopped = true;
    this.#recorder.flush();
    this.#plan = null;
    this.#recorder.close("shutdown");
    const links = [...this.#retired, ...(this.#link === null ? [] : [this.#link])];
    await Promise.all(links.map((link) => link.close(deadlineMs, "shutdown")));
  }

  /**
   * A trace that begins here. Its id is random throughout, and level 2 of the W3C document would let us say so; but
   * OpenTelemetry's Go SDK takes a version 00 with flags beyond 02 for invalid, so that saying it would break traces.
   */
  #root(plan: Plan, name: string, kind: SpanKind, request: InboundCarrier | null, isFollowed = false): Span {
    const word2 = this.#random();
    const word3 = this.#random();
    const decision = isFollowed ? null : plan.sampler.decide(word2, word3, request);
    const isSampled = decision === null || decision.sampled;
    // Whom we do not believe, we do not speak for either.
    const believed = plan.trust === null ? request : null;
    const isRemembered = kind === SPAN_KIND.server && this.#flight.isOn;
    if (!isSampled && !isRemembered) return new NewUnsampledSpan(this.#begin, believed, word2, word3);
    const words = newTraceWords(this.#random, word2, word3);
    const baggage = believed?.header(BAGGAGE) ?? null;
    const trace = this.#trace(words, "", isSampled ? SAMPLED_FLAG : 0, "", baggage, kind);
    const span = this.#span(trace, name, kind, NO_PARENT);
    if (span.recording && decision !== null) describeDecision(span, decision);
    return span;
  }

  #continued(name: string, parent: RemoteContext, { link }: InboundContext, baggage: string | null): Span {
    const { traceId, spanId, flags, state } = parent;
    const trace = this.#trace(traceWords(traceId), traceId, flags, state, baggage, SPAN_KIND.server);
    const span = this.#span(trace, name, SPAN_KIND.server, {
      high: hexWord(spanId, 0),
      low: hexWord(spanId, 8),
      remote: true,
    });
    linkTo(span, link);
    return span;
  }

  readonly #begin: BeginTrace = (word2, word3, request) => {
    const words = newTraceWords(this.#random, word2, word3);
    const baggage = request?.header(BAGGAGE) ?? null;
    const trace = new LocalTrace(words, "", 0, "", baggage, this.#clock.anchor);
    return new ContinuedUnsampledSpan(trace, this.#random);
  };

  /** A request that is not sampled is remembered while the tail rule may want it. */
  #trace(
    words: TraceWords,
    hex: string,
    flags: number,
    state: string,
    baggage: string | null,
    kind: SpanKind,
  ): LocalTrace {
    const { anchor } = this.#clock;
    const flies = (flags & SAMPLED_FLAG) === 0 && kind === SPAN_KIND.server && this.#flight.isOn;
    return flies
      ? new FlightTrace(words, hex, flags, state, baggage, anchor)
      : new LocalTrace(words, hex, flags, state, baggage, anchor);
  }

  #span(trace: LocalTrace, name: string, kind: SpanKind, parent: ParentLink): Span {
    if ((trace.flags & SAMPLED_FLAG) !== 0)
      return new RecordingSpan(this.#recorder, trace, name, kind, parent);
    if (trace instanceof FlightTrace) return new RecordingSpan(this.#flight, trace, name, kind, parent);
    return new ContinuedUnsampledSpan(trace, this.#random);
  }

  /** Null: tracing is to be off. */
  #planOf(section: TracingSection, clusterKey: Uint8Array | undefined): Plan | null {
    const { env, logger, clock } = this.#options;
    if (!section.enabled) return null;
    if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") {
      logger.log("warn", "tracing is disabled by OTEL_SDK_DISABLED");
      return null;
    }
    const probability = probabilityOf(section);
    const { rules, allow_forced, trust_inbound } = section;
    const trusts = trust_inbound === "always";
    const signer = clusterKey === undefined ? null : new ContextSigner(clusterKey, clock);
    return {
      // Strangers whose sampled flag is not believed cannot ask for samples by other headers either.
      sampler: new HeadSampler({
        probability,
        rules,
        believesUsers: trusts,
        allowsForced: allow_forced && trusts,
        clock,
      }),
      probability,
      trust: trusts ? null : { signer },
      destination: destinationOf(section, env, this.#settings.exportTimeoutMs),
      resource: encodeResource(resourceAttributes(this.#options, section)),
    };
  }

  #sealFor(path = ""): carriers.Seal | null {
    const signer = this.#plan?.trust?.signer ?? null;
    return signer === null ? null : { signer, path };
  }

  /** Puts the plan in force at once. Returns the link that has no use any more. */
  #switchTo(plan: Plan | null): ExportLink | null {
    const former = this.#plan;
    this.#plan = plan;
    if (plan === null) this.#recorder.close("disabled");
    else this.#recorder.open();
    const same = former !== null && plan !== null && sameJson(former.destination, plan.destination);
    if (same) return null;
    const retired = this.#link;
    this.#link = plan === null ? null : this.#connect(plan.destination);
    return retired;
  }

  #connect(destination: Destination): ExportLink {
    const { version, logger } = this.#options;
    return new ExportLink({
      setup: {
        destination,
        scope: encodeScope("aistore", version),
        exportTimeoutMs: this.#settings.exportTimeoutMs,
      },
      ledger: this.#ledger,
      logger,
      workerUrl: this.#overrides.workerUrl ?? exportWorkerUrl(),
      watchIntervalMs: this.#overrides.watchIntervalMs,
      recycle: (buffer) => this.#recorder.recycle(buffer),
    });
  }

  /** What an old collector has not taken by the deadline goes to the new one: most often the old address was wrong. */
  async #retire(link: ExportLink, hasHeir: boolean): Promise<void> {
    this.#retired.add(link);
    let spans = 0;
    const heir: BatchHeir = (batch, resource) => {
      spans += batch.spans;
      this.#send(batch, resource);
    };
    const deadlineMs = this.#overrides.reconfigureDrainMs ?? RECONFIGURE_DRAIN_MS;
    await link.close(deadlineMs, "reconfigured", hasHeir ? heir : null);
    this.#retired.delete(link);
    if (spans === 0) return;
    const fields = { spans, from: link.endpoint, endpoint: this.#link?.endpoint ?? "" };
    this.#options.logger.log(
      "info",
      "spans that the former collector did not take go to the new one",
      fields,
    );
  }

  #deliver(batch: SpanBatch): void {
    this.#send(batch, this.#plan?.resource ?? null);
  }

  #send(batch: SpanBatch, resource: Uint8Array | null): void {
    if (this.#link !== null && this.#plan !== null && resource !== null) {
      this.#link.send(batch, resource);
    } else {
      const { spans, bytes } = batch;
      this.#ledger.settle({ spans, bytes: bytes.length }, spans, this.#stopped ? "shutdown" : "disabled");
    }
  }
}

/** RFC 3339; empty for never. */
function timeText(ms: number): string {
  return ms === 0 ? "" : new Date(ms).toISOString();
}

function linkTo(span: Span, context: RemoteContext | null): void {
  if (context === null || !span.recording) return;
  const { state, flags: traceFlags, ...ids } = context;
  span.link({ ...ids, traceFlags, traceState: new CarriedTraceState(state) });
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
