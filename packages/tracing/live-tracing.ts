import { errorText } from "@ais/base/errors.ts";
import type { TracingSection } from "@ais/wire/tracing-config.ts";
import * as carriers from "./context/carriers.ts";
import { type InboundContext, type RemoteContext, readInbound } from "./context/inbound.ts";
import { type Destination, destinationOf } from "./export/destination.ts";
import { ExportLink } from "./export/export-link.ts";
import { exportWorkerUrl } from "./export/worker-url.ts";
import { NOOP_SPAN } from "./noop.ts";
import { encodeResource, encodeScope } from "./otlp/request.ts";
import { type BatchSettings, batchSettings } from "./recorder/batch-settings.ts";
import { Ledger } from "./recorder/ledger.ts";
import { spanLimits } from "./recorder/limits.ts";
import { LocalTrace, newTraceWords, traceWords } from "./recorder/local-trace.ts";
import { Recorder, type SpanBatch } from "./recorder/recorder.ts";
import { NO_PARENT, type ParentLink, RecordingSpan } from "./recorder/recording-span.ts";
import { AnchoredClock } from "./recorder/time-anchor.ts";
import { UnsampledSpan } from "./recorder/unsampled-span.ts";
import { resourceAttributes } from "./resource.ts";
import type {
  InboundCarrier,
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
import { type RatioSampler, ratioSampler } from "./w3c/sampler.ts";
import { RANDOM_FLAG, SAMPLED_FLAG } from "./w3c/traceparent.ts";
import { CarriedTraceState } from "./w3c/tracestate.ts";

/** How long a change waits for what was recorded before it to reach the old collector. */
const RECONFIGURE_DRAIN_MS = 5_000;
const RETRY_WINDOW_MS = 60_000;

/** For tests. */
export interface TracingOverrides {
  readonly settings?: Partial<BatchSettings>;
  readonly retryWindowMs?: number;
  readonly workerUrl?: URL;
  readonly reconfigureDrainMs?: number;
}

/** What an enabled section comes to. */
interface Plan {
  readonly sampler: RatioSampler;
  readonly destination: Destination;
  readonly resource: Uint8Array;
}

export class LiveTracing implements Tracing {
  readonly #options: TracingOptions;
  readonly #overrides: TracingOverrides;
  readonly #settings: BatchSettings;
  readonly #ledger = new Ledger();
  readonly #clock: AnchoredClock;
  readonly #random: RandomWord = pooledRandomWords();
  readonly #recorder: Recorder;
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
  }

  startServer(name: string, carrier: InboundCarrier): Span {
    const plan = this.#plan;
    if (plan === null) return NOOP_SPAN;
    const inbound = readInbound(carrier);
    const baggage = carrier.header("baggage");
    if (inbound.parent === null) return this.#root(plan, name, SPAN_KIND.server, baggage);
    return this.#continued(name, inbound.parent, inbound, baggage);
  }

  startRoot(name: string, links: readonly SpanContext[] = []): Span {
    if (this.#plan === null) return NOOP_SPAN;
    const span = this.#root(this.#plan, name, SPAN_KIND.internal, null);
    for (const link of links) span.link(link);
    return span;
  }

  redirectQuery(span: Span): string {
    return carriers.redirectQuery(span);
  }

  outboundHeaders(span: Span): Readonly<Record<string, string>> {
    return carriers.outboundHeaders(span);
  }

  responseHeaders(span: Span): Readonly<Record<string, string>> {
    return carriers.responseHeaders(span);
  }

  async configure(section: TracingSection): Promise<void> {
    if (this.#stopped) return;
    try {
      const plan = this.#planOf(section);
      this.#recorder.flush();
      const former = this.#switchTo(plan);
      if (former !== null) await this.#retire(former);
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
      exports: ledger.exports,
      exportFailures: ledger.exportFailures,
      lastExportMs: ledger.lastExportMs,
      lastError: ledger.lastError,
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

  /** A trace that begins here: its id is random throughout, which level 2 of the W3C document lets us say. */
  #root(plan: Plan, name: string, kind: SpanKind, baggage: string | null): Span {
    const words = newTraceWords(this.#random);
    const sampled = plan.sampler(words[2], words[3]);
    const flags = RANDOM_FLAG | (sampled ? SAMPLED_FLAG : 0);
    const trace = new LocalTrace(words, "", flags, "", baggage, this.#clock.anchor);
    return this.#span(trace, name, kind, NO_PARENT);
  }

  #continued(name: string, parent: RemoteContext, { link }: InboundContext, baggage: string | null): Span {
    const { traceId, spanId, flags, state } = parent;
    const trace = new LocalTrace(traceWords(traceId), traceId, flags, state, baggage, this.#clock.anchor);
    const span = this.#span(trace, name, SPAN_KIND.server, {
      high: hexWord(spanId, 0),
      low: hexWord(spanId, 8),
      remote: true,
    });
    if (link !== null) {
      const { state: linkState, flags: traceFlags, ...ids } = link;
      span.link({ ...ids, traceFlags, traceState: new CarriedTraceState(linkState) });
    }
    return span;
  }

  #span(trace: LocalTrace, name: string, kind: SpanKind, parent: ParentLink): Span {
    if ((trace.flags & SAMPLED_FLAG) !== 0)
      return new RecordingSpan(this.#recorder, trace, name, kind, parent);
    return new UnsampledSpan(trace, this.#random(), this.#random() | 1);
  }

  /** Null: tracing is to be off. */
  #planOf(section: TracingSection): Plan | null {
    const { env, logger } = this.#options;
    if (!section.enabled) return null;
    if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") {
      logger.log("warn", "tracing is disabled by OTEL_SDK_DISABLED");
      return null;
    }
    return {
      sampler: ratioSampler(probabilityOf(section)),
      destination: destinationOf(section, env),
      resource: encodeResource(resourceAttributes(this.#options, section)),
    };
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
        retryWindowMs: this.#overrides.retryWindowMs ?? RETRY_WINDOW_MS,
      },
      ledger: this.#ledger,
      logger,
      workerUrl: this.#overrides.workerUrl ?? exportWorkerUrl(),
    });
  }

  async #retire(link: ExportLink): Promise<void> {
    this.#retired.add(link);
    await link.close(this.#overrides.reconfigureDrainMs ?? RECONFIGURE_DRAIN_MS, "reconfigured");
    this.#retired.delete(link);
  }

  #deliver(batch: SpanBatch): void {
    if (this.#link !== null && this.#plan !== null) {
      this.#link.send(batch, this.#plan.resource);
    } else {
      const { spans, bytes } = batch;
      this.#ledger.settle({ spans, bytes: bytes.length }, spans, this.#stopped ? "shutdown" : "disabled");
    }
  }
}

/** Validation has refused everything but a number from 0 to 1 and an empty text, which stands for 1. */
function probabilityOf(section: TracingSection): number {
  const text = section.sampler_probability.trim();
  if (text === "") return 1;
  const probability = Number(text);
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`invalid tracing.sampler_probability "${text}": expected a number from 0 to 1`);
  }
  return probability;
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
