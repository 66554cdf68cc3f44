/**
 * Spans of requests that were not sampled, kept until it is known whether the tail rule wants them (tracing.md 5). Of
 * requests that ended well they stay in a ring for a while, in case another node's part of the request did not.
 */

import type { AttributeBlock } from "../attribute-block.ts";
import type { SpanShapes } from "../otlp/span-shape.ts";
import { cutText, type SpanLimits } from "../recorder/limits.ts";
import type { Recorder } from "../recorder/recorder.ts";
import type { RecordingSpan, SpanOwner } from "../recorder/recording-span.ts";
import {
  type Attributes,
  type AttributeValue,
  type RecordingLimit,
  type RequestEnding,
  SPAN_KIND,
  type Span,
  type SpanFacts,
  type TailReason,
  type TailStats,
} from "../types.ts";
import type { RandomWord } from "../w3c/random.ts";
import { type FlightRecord, FlightRecordCodec } from "./flight-record.ts";
import { FlightRing } from "./flight-ring.ts";
import { FlightTrace } from "./flight-trace.ts";
import { RateLimit } from "./rate-limit.ts";
import type { TailRule } from "./tail-rule.ts";
import { WantedTraces } from "./wanted-traces.ts";

export interface FlightLimits {
  readonly ringBytes: number;
  readonly spansPerRequest: number;
  readonly exportsPerSecond: number;
  readonly asksPerSecond: number;
  readonly wantedTraces: number;
  readonly wantedMs: number;
}

export const FLIGHT_LIMITS: FlightLimits = {
  ringBytes: 32 * 1024 * 1024,
  spansPerRequest: 512,
  // A cluster in trouble makes many errors that look alike: a hundred a second of each node tell what is wrong.
  exportsPerSecond: 100,
  asksPerSecond: 1_000,
  wantedTraces: 4_096,
  wantedMs: 30_000,
};

const RECENT_TRACES = 1_024;
const SAMPLING_REASON = "ais.sampling.reason";
const NO_ATTRIBUTES: Attributes = {};

type TailListener = (traceId: string, nodeIds: readonly string[]) => void;

export class FlightRecorder implements SpanOwner {
  readonly limits: SpanLimits;
  readonly random: RandomWord;
  readonly shapes: SpanShapes;
  readonly #recorder: Recorder;
  readonly #limits: FlightLimits;
  readonly #ring: FlightRing;
  readonly #codec = new FlightRecordCodec();
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
    this.shapes = recorder.shapes;
    this.#recorder = recorder;
    this.#limits = limits;
    this.#ring = new FlightRing(limits.ringBytes);
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
      flight.leave("gone");
      this.#limited++;
      return false;
    }
    span.set(SAMPLING_REASON, `tail.${reason}`);
    this.#exportFlight(flight, reason);
    return true;
  }

  exportTraces(traceIds: readonly string[], mayBeElsewhere: boolean): void {
    if (this.#rule === null) return;
    const nowMs = this.monotonicMs();
    const asked = new Set<string>();
    for (const traceId of traceIds) {
      if (this.#recent.has(traceId)) continue;
      if (this.#askLimit.take(nowMs)) asked.add(traceId);
      else this.#limited++;
    }
    if (asked.size === 0) return;
    this.#ring.take(new Set(asked), (traceId, payload) => {
      asked.delete(traceId);
      this.#exportRecord(traceId, this.#codec.decode(payload));
    });
    for (const traceId of asked) this.#wanted.add(traceId, nowMs, !mayBeElsewhere);
  }

  stats(): TailStats {
    this.#wanted.expire(this.monotonicMs());
    return {
      enabled: this.isOn,
      exported: { ...this.#exported },
      limited: this.#limited,
      missed: this.#wanted.missed,
      spansLeftOut: this.#spansLeftOut,
      ringRequests: this.#ring.records,
      ringBytes: this.#ring.usedBytes,
      ringCapacityBytes: this.#ring.capacityBytes,
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
    if (flight.phase === "kept") {
      // Background work of a request that has ended.
      this.#keep(flight, [span]);
      return;
    }
    const isServer = span.kind === SPAN_KIND.server;
    if (flight.spans.length < this.#limits.spansPerRequest || isServer) flight.spans.push(span);
    else this.#spansLeftOut++;
    if (isServer) this.#concluded(flight);
  }

  #concluded(flight: FlightTrace): void {
    if (this.#rule === null) flight.leave("gone");
    else if (this.#wanted.size > 0 && this.#wanted.take(flight.traceId)) this.#exportFlight(flight, "asked");
    else this.#keep(flight, flight.leave("kept"));
  }

  #keep(flight: FlightTrace, spans: readonly RecordingSpan[]): void {
    if (!this.#ring.add(flight, this.#codec.encode(flight, spans))) this.#spansLeftOut += spans.length;
  }

  #exportFlight(flight: FlightTrace, reason: TailReason): void {
    this.#booked(flight.traceId, reason);
    for (const span of flight.release()) this.#send(span);
    this.#listener(flight.traceId, flight.nodeIds);
  }

  #exportRecord(traceId: string, { spans, nodeIds }: FlightRecord): void {
    this.#booked(traceId, "asked");
    for (const { item, facts } of spans) {
      this.#recorder.started();
      this.#recorder.endedEncoded(item, facts === null ? NO_ATTRIBUTES : this.#attributesOf(facts));
    }
    this.#listener(traceId, nodeIds);
  }

  #attributesOf({ describe, values }: SpanFacts): Attributes {
    const attributes: Record<string, AttributeValue> = {};
    const { valueLengthChars } = this.limits;
    const set = (name: string, value: AttributeValue): void => {
      attributes[name] = typeof value === "string" ? cutText(value, valueLengthChars) : value;
    };
    const add = (block: AttributeBlock): void => {
      for (const name in block.attributes) {
        const value = block.attributes[name];
        if (value !== undefined) set(name, value);
      }
    };
    describe({ set, add }, values);
    return attributes;
  }

  #send(span: RecordingSpan): void {
    this.#recorder.started();
    this.#recorder.ended(span);
  }

  #booked(traceId: string, reason: TailReason): void {
    this.#exported[reason]++;
    this.#remember(traceId);
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
