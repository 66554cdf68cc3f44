import type { AttributeBlock } from "../attribute-block.ts";
import type { EncodableEvent, EncodableLink, EncodableSpan, RareParts } from "../otlp/encode.ts";
import type { SpanShape, SpanShapes } from "../otlp/span-shape.ts";
import type { RecordingLimit } from "../types.ts";
import {
  type Attributes,
  type AttributeValue,
  SPAN_KIND,
  type Span,
  type SpanContext,
  type SpanFacts,
  type SpanKind,
} from "../types.ts";
import { hexWord } from "../w3c/hex.ts";
import type { RandomWord } from "../w3c/random.ts";
import { formatTraceParent, parseTraceParent, SAMPLED_FLAG } from "../w3c/traceparent.ts";
import { cutArray, cutText, type SpanLimits, valueChars } from "./limits.ts";
import { LiveSpan } from "./live-span.ts";
import { type LocalTrace, traceWords } from "./local-trace.ts";

/** What a span needs of the recorder it belongs to. */
export interface SpanOwner {
  readonly limits: SpanLimits;
  readonly random: RandomWord;
  readonly shapes: SpanShapes;
  monotonicMs(): number;
  started(): void;
  limitHit(limit: RecordingLimit): void;
  /** Takes the span over; it does not change afterwards. */
  ended(span: RecordingSpan): void;
}

export interface ParentLink {
  readonly high: number;
  readonly low: number;
  readonly remote: boolean;
}

export const NO_PARENT: ParentLink = { high: 0, low: 0, remote: false };
const NOT_ENDED = -1;
const EXPLAINED_FROM_MS = 1;
const UNEXPLAINED_SHARE = 0.1;
const THREAD_WAIT_EVENT = "ais.thread.wait";
const THREAD_WAIT_MS = "ais.thread.wait_ms";

/** As `RareParts`, while the span can change. */
class Rare implements RareParts {
  droppedAttributes = 0;
  events: EncodableEvent[] | null = null;
  droppedEvents = 0;
  links: EncodableLink[] | null = null;
  droppedLinks = 0;
  statusError = false;
  statusMessage = "";
}

/**
 * A sampled span. The fields that the interface does not name are for the encoder, which reads them once at the end.
 * There are few of them, since each costs every span: what most spans have nothing of is in `rare`.
 */
export class RecordingSpan extends LiveSpan implements Span, EncodableSpan {
  readonly #owner: SpanOwner;
  readonly recording = true;
  readonly trace: LocalTrace;
  readonly idHigh: number;
  readonly idLow: number;
  readonly parentHigh: number;
  readonly parentLow: number;
  readonly parentRemote: boolean;
  readonly startMs: number;
  shape: SpanShape;
  own: AttributeValue[] | null = null;
  rare: Rare | null = null;
  /** Not made into attributes yet. */
  #facts: SpanFacts | null = null;
  endMs = NOT_ENDED;
  stage = "";
  #chars = 0;
  /** The SERVER span that this one is a child of. */
  #serves: RecordingSpan | null = null;
  /** Of a SERVER span: its open children, since when there are any, and how long there were some before. */
  #openChildren = 0;
  #coveredSinceMs = 0;
  #coveredMs = 0;

  constructor(owner: SpanOwner, trace: LocalTrace, name: string, kind: SpanKind, parent: ParentLink) {
    super();
    this.#owner = owner;
    this.trace = trace;
    // An id of all zeros would be invalid; the low half is made odd, which leaves 63 random bits.
    this.idHigh = owner.random();
    this.idLow = owner.random() | 1;
    this.shape = owner.shapes.of(cutText(name, owner.limits.valueLengthChars), kind);
    this.parentHigh = parent.high;
    this.parentLow = parent.low;
    this.parentRemote = parent.remote;
    this.startMs = owner.monotonicMs();
    owner.started();
  }

  get name(): string {
    return this.shape.name;
  }

  get kind(): SpanKind {
    return this.shape.kind;
  }

  get sampled(): boolean {
    return (this.trace.flags & SAMPLED_FLAG) !== 0;
  }

  set(name: string, value: AttributeValue): void {
    if (this.endMs !== NOT_ENDED) return;
    const kept = this.#keep(name, value);
    if (kept === undefined) return;
    const { own } = this;
    if (own === null) {
      if (this.#hasRoom()) this.own = [name, kept];
      return;
    }
    for (let i = 0; i < own.length; i += 2) {
      if (own[i] !== name) continue;
      own[i + 1] = kept;
      return;
    }
    if (this.#hasRoom()) own.push(name, kept);
  }

  add(block: AttributeBlock): void {
    if (this.endMs !== NOT_ENDED) return;
    const { limits } = this.#owner;
    const shape = this.shape.with(block);
    const isWithin =
      block.longestValueChars <= limits.valueLengthChars &&
      shape.count + this.#ownCount() <= limits.attributes &&
      this.#chars + shape.chars <= limits.spanChars;
    if (isWithin) {
      this.shape = shape;
      return;
    }
    const { attributes } = block;
    for (const key in attributes) {
      const value = attributes[key];
      if (value !== undefined) this.set(key, value);
    }
  }

  describe(facts: SpanFacts): void {
    this.#facts = facts;
  }

  /** Makes the attributes that waited, if the span has ended since as well. */
  settleFacts(): void {
    const facts = this.takeFacts();
    if (facts === null) return;
    const { endMs } = this;
    this.endMs = NOT_ENDED;
    facts.describe(this, facts.values);
    this.endMs = endMs;
  }

  /** For who makes the attributes elsewhere. */
  takeFacts(): SpanFacts | null {
    const facts = this.#facts;
    this.#facts = null;
    return facts;
  }

  event(name: string, attributes?: Attributes): void {
    if (this.endMs === NOT_ENDED) this.#eventAt(this.#owner.monotonicMs(), name, attributes);
  }

  #eventAt(timeMs: number, name: string, attributes?: Attributes): void {
    const { limits } = this.#owner;
    const rare = this.#rareParts();
    rare.events ??= [];
    if (rare.events.length >= limits.events) {
      rare.droppedEvents++;
      this.#owner.limitHit("events");
      return;
    }
    const kept = this.#keepAll(attributes, limits.attributesPerEvent);
    rare.events.push({
      timeMs,
      name: cutText(name, limits.valueLengthChars),
      ...kept,
    });
  }

  /** A context that is not valid by the W3C document is left out. */
  link(context: SpanContext, attributes?: Attributes): void {
    if (this.endMs !== NOT_ENDED) return;
    const { limits } = this.#owner;
    const valid = parseTraceParent(formatTraceParent(context.traceId, context.spanId, context.traceFlags));
    if (valid === null) return;
    const rare = this.#rareParts();
    rare.links ??= [];
    if (rare.links.length >= limits.links) {
      rare.droppedLinks++;
      this.#owner.limitHit("links");
      return;
    }
    rare.links.push({
      traceWords: traceWords(valid.traceId),
      idHigh: hexWord(valid.spanId, 0),
      idLow: hexWord(valid.spanId, 8),
      state: context.traceState?.serialize() ?? "",
      flags: valid.flags,
      ...this.#keepAll(attributes, limits.attributesPerLink),
    });
  }

  fail(errorType: string, message?: string): void {
    if (this.endMs !== NOT_ENDED) return;
    this.set("error.type", errorType);
    const rare = this.#rareParts();
    rare.statusError = true;
    rare.statusMessage = cutText(message ?? "", this.#owner.limits.valueLengthChars);
  }

  exception(error: unknown): void {
    if (!(error instanceof Error)) {
      this.event("exception", { "exception.type": typeof error, "exception.message": String(error) });
      return;
    }
    this.event("exception", {
      "exception.type": error.name,
      "exception.message": error.message,
      "exception.stacktrace": error.stack,
    });
  }

  child(name: string, kind: SpanKind = SPAN_KIND.internal): Span {
    const parent = { high: this.idHigh, low: this.idLow, remote: false };
    const child = new RecordingSpan(this.#owner, this.trace, name, kind, parent);
    if (this.kind === SPAN_KIND.server) {
      this.stage = child.name;
      child.#serves = this;
      if (this.#openChildren++ === 0) this.#coveredSinceMs = child.startMs;
    }
    return child;
  }

  end(): void {
    if (this.endMs !== NOT_ENDED) return;
    const endMs = this.#owner.monotonicMs();
    if (this.kind === SPAN_KIND.server) this.#explainRest(endMs);
    this.endMs = endMs;
    const server = this.#serves;
    if (server !== null) server.#childEnded(this);
    this.#owner.ended(this);
  }

  #rareParts(): Rare {
    this.rare ??= new Rare();
    return this.rare;
  }

  #ownCount(): number {
    return this.own === null ? 0 : this.own.length / 2;
  }

  #hasRoom(): boolean {
    if (this.#ownCount() + 1 + this.shape.count <= this.#owner.limits.attributes) return true;
    this.#rareParts().droppedAttributes++;
    this.#owner.limitHit("attributes");
    return false;
  }

  #childEnded(child: RecordingSpan): void {
    if (this.stage === child.name) this.stage = "";
    if (--this.#openChildren === 0) this.#coveredMs += child.endMs - this.#coveredSinceMs;
  }

  /**
   * Everything that a request waits for has a span, and what it does beside takes microseconds. What is left of a long
   * request is time in which it could have gone on and the thread did something else: other requests, collecting garbage,
   * or nothing, because it was not scheduled.
   */
  #explainRest(endMs: number): void {
    const tookMs = endMs - this.startMs;
    if (tookMs < EXPLAINED_FROM_MS) return;
    const coveredMs = this.#coveredMs + (this.#openChildren > 0 ? endMs - this.#coveredSinceMs : 0);
    const waitMs = tookMs - coveredMs;
    if (waitMs <= tookMs * UNEXPLAINED_SHARE) return;
    // At the end itself: an event after it would be of no span.
    this.#eventAt(endMs, THREAD_WAIT_EVENT, { [THREAD_WAIT_MS]: Math.round(waitMs * 1000) / 1000 });
  }

  /** The value within the limits; undefined when it is left out. Types are checked, since callers' types may lie. */
  #keep(key: string, value: unknown): AttributeValue | undefined {
    const { limits } = this.#owner;
    let kept: AttributeValue;
    if (typeof value === "string") {
      kept = cutText(value, limits.valueLengthChars);
      if (kept.length < value.length) this.#owner.limitHit("valueLength");
    } else if (typeof value === "number" || typeof value === "boolean") {
      kept = value;
    } else if (Array.isArray(value)) {
      const within = cutArray(value, limits);
      kept = within.kept;
      if (within.cut) this.#owner.limitHit("valueLength");
    } else {
      return undefined;
    }
    if (key.length > limits.keyLengthChars) return this.#leaveOut("keyLength");
    const chars = this.#chars + key.length + valueChars(kept);
    if (chars + this.shape.chars > limits.spanChars) return this.#leaveOut("spanSize");
    this.#chars = chars;
    return kept;
  }

  #leaveOut(limit: RecordingLimit): undefined {
    this.#owner.limitHit(limit);
    return undefined;
  }

  /** A copy, since the caller may go on using its object. */
  #keepAll(
    attributes: Attributes | undefined,
    count: number,
  ): { attributes: Attributes; droppedAttributes: number } {
    const kept: Record<string, AttributeValue> = {};
    let size = 0;
    let droppedAttributes = 0;
    for (const key in attributes) {
      if (attributes[key] === undefined) continue;
      const value = size < count ? this.#keep(key, attributes[key]) : this.#leaveOut("attributes");
      if (value === undefined) {
        droppedAttributes++;
      } else {
        kept[key] = value;
        size++;
      }
    }
    return { attributes: kept, droppedAttributes };
  }
}
