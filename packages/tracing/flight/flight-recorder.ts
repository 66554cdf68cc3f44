/**
 * Spans of requests that were not sampled, kept until it is known whether the tail rule wants them (tracing.md 5). A span
 * costs what its object costs: nothing is encoded before a request is exported, and most requests never are.
 */

import type { SpanLimits } from "../recorder/limits.ts";
import type { Recorder } from "../recorder/recorder.ts";
import type { RecordingSpan, SpanOwner } from "../recorder/recording-span.ts";
import {
  type RecordingLimit,
  type RequestEnding,
  SPAN_KIND,
  type Span,
  type TailReason,
  type TailStats,
} from "../types.ts";
import type { RandomWord } from "../w3c/random.ts";
import { FlightRing } from "./flight-ring.ts";
import { FlightTrace } from "./flight-trace.ts";
import { RateLimit } from "./rate-limit.ts";
import type { TailRule } from "./tail-rule.ts";
import { WantedTraces } from "./wanted-traces.ts";

export interface FlightLimits {
  readonly ringRequests: number;
  readonly ringBytes: number;
  readonly spansPerRequest: number;
  readonly exportsPerSecond: number;
  readonly asksPerSecond: number;
  readonly wantedTraces: number;
  readonly wantedMs: number;
}

export const FLIGHT_LIMITS: FlightLimits = {
  ringRequests: 16_384,
  ringBytes: 32 * 1024 * 1024,
  spansPerRequest: 512,
  // A cluster in trouble makes many errors that look alike: a hundred a second of each node tell what is wrong.
  exportsPerSecond: 100,
  asksPerSecond: 1_000,
  wantedTraces: 4_096,
  wantedMs: 30_000,
};

/** What the objects of a request and of a span take on the heap, less their texts (measured on Bun). */
const REQUEST_BYTES = 400;
const SPAN_BYTES = 600;
const RECENT_TRACES = 1_024;
const SAMPLING_REASON = "ais.sampling.reason";

type TailListener = (traceId: string, nodeIds: readonly string[]) => void;

export class FlightRecorder implements SpanOwner {
  readonly limits: SpanLimits;
  readonly random: RandomWord;
  readonly defersFacts = true;
  readonly #recorder: Recorder;
  readonly #limits: FlightLimits;
  readonly #ring: FlightRing;
  readonly #wanted: WantedTraces;
  readonly #exportLimit: RateLimit;
  readonly #askLimit: RateLimit;
  /** Exported of late: those who have the same trace ask each other. */
  readonly #recent = new Set<string>();
  readonly #exported: Record<TailReason, number> = { error: 0, slow: 0, asked: 0 };
  #limited = 0;
  #spansLeftOut = 0;
  #rule: TailRule | null = null;
  #listener: TailListener = () => {};

  constructor(recorder: Recorder, limits: FlightLimits = FLIGHT_LIMITS) {
    this.limits = recorder.limits;
    this.random = recorder.random;
    this.#recorder = recorder;
    this.#limits = limits;
    this.#ring = new FlightRing(limits.ringRequests, limits.ringBytes);
    this.#wanted = new WantedTraces(limits.wantedTraces, limits.wantedMs);
    this.#exportLimit = new RateLimit(limits.exportsPerSecond);
    this.#askLimit = new RateLimit(limits.asksPerSecond);
  }

  /** False: requests that are not sampled need no spans. */
  get isOn(): boolean {
    return this.#rule !== null;
  }

  /** Null turns the recorder off and forgets what it holds. */
  follow(rule: TailRule | null): void {
    this.#rule = rule;
    if (rule === null) this.#ring.clear();
  }

  onExport(listener: TailListener): void {
    this.#listener = listener;
  }

  judge(span: Span, ending: RequestEnding): boolean {
    const flight = flightOf(span);
    if (flight === null || flight.phase !== "open" || this.#rule === null) return false;
    const reason = this.#rule.verdict(ending);
    if (reason === null) return false;
    if (!this.#exportLimit.take(this.monotonicMs())) {
      // It is judged once more when its reply is out: what is refused once is not asked about again.
      flight.forget();
      this.#limited++;
      return false;
    }
    span.set(SAMPLING_REASON, `tail.${reason}`);
    this.#export(flight, reason);
    return true;
  }

  exportTraces(traceIds: readonly string[]): void {
    if (this.#rule === null) return;
    const nowMs = this.monotonicMs();
    const asked = new Set<string>();
    for (const traceId of traceIds) {
      if (this.#recent.has(traceId)) continue;
      if (this.#askLimit.take(nowMs)) asked.add(traceId);
      else this.#limited++;
    }
    if (asked.size === 0) return;
    for (const flight of this.#ring.take(asked)) {
      asked.delete(flight.traceId);
      this.#export(flight, "asked");
    }
    for (const traceId of asked) this.#wanted.add(traceId, nowMs);
  }

  stats(): TailStats {
    this.#wanted.expire(this.monotonicMs());
    return {
      enabled: this.isOn,
      exported: { ...this.#exported },
      limited: this.#limited,
      missed: this.#wanted.missed,
      spansLeftOut: this.#spansLeftOut,
      ringRequests: this.#ring.requests,
      ringCapacityRequests: this.#limits.ringRequests,
      ringBytes: this.#ring.bytes,
      ringCapacityBytes: this.#limits.ringBytes,
    };
  }

  monotonicMs(): number {
    return this.#recorder.monotonicMs();
  }

  /** A span counts as started when it is known to be exported. */
  started(): void {}

  limitHit(limit: RecordingLimit): void {
    this.#recorder.limitHit(limit);
  }

  ended(span: RecordingSpan): void {
    const flight = flightOf(span);
    if (flight === null || flight.phase === "gone") return;
    if (flight.phase === "exported") {
      this.#send(span);
      return;
    }
    const isServer = span.kind === SPAN_KIND.server;
    if (flight.spans.length < this.#limits.spansPerRequest || isServer) {
      const sizeBytes = SPAN_BYTES + span.sizeChars;
      flight.spans.push(span);
      flight.sizeBytes += sizeBytes;
      // Background work of a request that has ended.
      if (flight.phase === "kept") this.#ring.grew(sizeBytes);
    } else {
      this.#spansLeftOut++;
    }
    if (isServer) this.#concluded(flight);
  }

  #concluded(flight: FlightTrace): void {
    if (this.#rule === null) {
      flight.forget();
    } else if (this.#wanted.size > 0 && this.#wanted.take(flight.traceId)) {
      this.#export(flight, "asked");
    } else {
      flight.phase = "kept";
      flight.sizeBytes += REQUEST_BYTES;
      this.#ring.add(flight);
    }
  }

  #export(flight: FlightTrace, reason: TailReason): void {
    this.#exported[reason]++;
    this.#remember(flight.traceId);
    for (const span of flight.release()) this.#send(span);
    this.#listener(flight.traceId, flight.nodeIds);
  }

  #send(span: RecordingSpan): void {
    span.settleFacts();
    this.#recorder.started();
    this.#recorder.ended(span);
  }

  #remember(traceId: string): void {
    if (this.#recent.size >= RECENT_TRACES) {
      for (const oldest of this.#recent) {
        this.#recent.delete(oldest);
        break;
      }
    }
    this.#recent.add(traceId);
  }
}

/** Null for a span of a request that was sampled from the start, or of none. */
export function flightOf(span: Span | RecordingSpan): FlightTrace | null {
  const trace = "trace" in span ? span.trace : null;
  return trace instanceof FlightTrace ? trace : null;
}
