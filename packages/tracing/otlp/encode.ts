/**
 * OTLP's protobuf encoding of spans, written once, straight from the recorder's objects. Field numbers are those of
 * opentelemetry-proto v1 (`trace.proto`, `common.proto`, `resource.proto`); a tag is `number << 3 | wire type`.
 */
import type { Attributes, AttributeValue } from "../types.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { SpanShape } from "./span-shape.ts";

/** What of a trace its spans share. */
export interface EncodableTrace {
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  readonly flags: number;
  /** Normalised `tracestate`; may be empty. */
  readonly state: string;
  /** Wall-clock nanoseconds at monotonic zero, in two halves of 32 bits. */
  readonly anchor: { readonly high: number; readonly low: number };
}

export interface EncodableSpan {
  readonly trace: EncodableTrace;
  readonly idHigh: number;
  readonly idLow: number;
  /** Both zero for a root. */
  readonly parentHigh: number;
  readonly parentLow: number;
  readonly parentRemote: boolean;
  readonly shape: SpanShape;
  /** Monotonic milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  /** Those that the shape does not have: names and values in turn. */
  readonly own: readonly AttributeValue[] | null;
  readonly rare: RareParts | null;
}

/** What most spans have nothing of. */
export interface RareParts {
  readonly droppedAttributes: number;
  readonly events: readonly EncodableEvent[] | null;
  readonly droppedEvents: number;
  readonly links: readonly EncodableLink[] | null;
  readonly droppedLinks: number;
  readonly statusError: boolean;
  readonly statusMessage: string;
}

export interface EncodableEvent {
  readonly timeMs: number;
  readonly name: string;
  readonly attributes: Attributes;
  readonly droppedAttributes: number;
}

export interface EncodableLink {
  /** The eight digit groups of trace id, then those of the span id. */
  readonly traceWords: readonly [number, number, number, number];
  readonly idHigh: number;
  readonly idLow: number;
  readonly state: string;
  readonly flags: number;
  readonly attributes: Attributes;
  readonly droppedAttributes: number;
}

const TWO_32 = 2 ** 32;
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;
const STATUS_ERROR = 2;
/** Of `Span.attributes`. */
const ATTRIBUTES_TAG = 0x4a;
/** More than tags, ids, times and lengths of one span, event, link or attribute take together. */
const FIXED_BYTES = 160;
const CHAR_BYTES = 3;

/** Where `encodeTemplate` leaves room, counted from the start of the item. */
const AT = { traceId: 5, spanId: 23, start: 32, end: 41, flags: 51 } as const;

/** Appends the span as an item of `ScopeSpans.spans`. */
export function encodeSpan(w: ByteWriter, span: EncodableSpan): void {
  const { trace, shape, own, rare } = span;
  const { template } = shape;
  w.reserve(template.length + FIXED_BYTES + trace.state.length * CHAR_BYTES);
  const at = w.at;
  w.raw(template);
  const { view } = w;
  view.setUint32(at + AT.traceId, trace.word0);
  view.setUint32(at + AT.traceId + 4, trace.word1);
  view.setUint32(at + AT.traceId + 8, trace.word2);
  view.setUint32(at + AT.traceId + 12, trace.word3);
  view.setUint32(at + AT.spanId, span.idHigh);
  view.setUint32(at + AT.spanId + 4, span.idLow);
  setTime(view, at + AT.start, trace, span.startMs);
  setTime(view, at + AT.end, trace, span.endMs);
  view.setUint32(at + AT.flags, trace.flags | HAS_IS_REMOTE | (span.parentRemote ? IS_REMOTE : 0), true);
  if (span.parentHigh !== 0 || span.parentLow !== 0) {
    w.byte(0x22);
    w.byte(8);
    w.word(span.parentHigh);
    w.word(span.parentLow);
  }
  if (trace.state !== "") writeText(w, 0x1a, trace.state);
  if (own !== null) {
    for (let i = 0; i < own.length; i += 2) {
      writeAttribute(w, ATTRIBUTES_TAG, own[i] as string, own[i + 1] as AttributeValue);
    }
  }
  if (rare !== null) writeRare(w, trace, rare);
  w.closeLarge(at + 1);
}

/** An item with all that spans of one shape have in common, and room for ids, times and flags. Its length is still open. */
export function encodeTemplate({ name, kind, blocks, chars, count }: SpanShape): Uint8Array {
  const w = new ByteWriter((name.length + chars) * CHAR_BYTES + (count + 1) * FIXED_BYTES);
  w.byte(0x12);
  w.openLarge();
  writeTraceId(w, 0, 0, 0, 0);
  writeSpanId(w, 0, 0);
  w.byte(0x39);
  w.fixed32(0);
  w.fixed32(0);
  w.byte(0x41);
  w.fixed32(0);
  w.fixed32(0);
  // Field 16: its tag takes two bytes.
  w.byte(0x85);
  w.byte(0x01);
  w.fixed32(0);
  writeText(w, 0x2a, name);
  w.byte(0x30);
  w.byte(kind);
  for (const { attributes } of blocks) encodeAttributes(w, ATTRIBUTES_TAG, attributes);
  return w.copy();
}

function writeRare(w: ByteWriter, trace: EncodableTrace, rare: RareParts): void {
  const { droppedAttributes, events, droppedEvents, links, droppedLinks, statusError, statusMessage } = rare;
  w.reserve(FIXED_BYTES);
  writeCount(w, 0x50, droppedAttributes);
  if (events !== null) for (const event of events) writeEvent(w, trace, event);
  w.reserve(FIXED_BYTES);
  writeCount(w, 0x60, droppedEvents);
  if (links !== null) for (const link of links) writeLink(w, link);
  w.reserve(FIXED_BYTES + statusMessage.length * CHAR_BYTES);
  writeCount(w, 0x70, droppedLinks);
  if (statusError) writeErrorStatus(w, statusMessage);
}

/** Appends `KeyValue` items of the field with `tag`; used for resources too. */
export function encodeAttributes(w: ByteWriter, tag: number, attributes: Attributes): void {
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) writeAttribute(w, tag, key, value);
  }
}

function writeEvent(w: ByteWriter, trace: EncodableTrace, event: EncodableEvent): void {
  w.reserve(FIXED_BYTES + event.name.length * CHAR_BYTES);
  w.byte(0x5a);
  const start = w.open();
  w.byte(0x09);
  writeTime(w, trace, event.timeMs);
  writeText(w, 0x12, event.name);
  encodeAttributes(w, 0x1a, event.attributes);
  w.reserve(FIXED_BYTES);
  writeCount(w, 0x20, event.droppedAttributes);
  w.close(start);
}

function writeLink(w: ByteWriter, link: EncodableLink): void {
  w.reserve(FIXED_BYTES + link.state.length * CHAR_BYTES);
  w.byte(0x6a);
  const start = w.open();
  writeTraceId(w, ...link.traceWords);
  writeSpanId(w, link.idHigh, link.idLow);
  if (link.state !== "") writeText(w, 0x1a, link.state);
  encodeAttributes(w, 0x22, link.attributes);
  w.reserve(FIXED_BYTES);
  writeCount(w, 0x28, link.droppedAttributes);
  w.byte(0x35);
  // The context of a link came from elsewhere.
  w.fixed32(link.flags | HAS_IS_REMOTE | IS_REMOTE);
  w.close(start);
}

function writeErrorStatus(w: ByteWriter, message: string): void {
  w.byte(0x7a);
  const start = w.open();
  if (message !== "") writeText(w, 0x12, message);
  w.byte(0x18);
  w.byte(STATUS_ERROR);
  w.close(start);
}

function writeAttribute(w: ByteWriter, tag: number, key: string, value: AttributeValue): void {
  w.reserve(FIXED_BYTES + key.length * CHAR_BYTES);
  if (typeof value === "string" && w.shortTextAttribute(tag, key, value)) return;
  if (typeof value === "number" && w.shortNumberAttribute(tag, key, value)) return;
  w.byte(tag);
  const start = w.open();
  writeText(w, 0x0a, key);
  w.byte(0x12);
  writeValue(w, value);
  w.close(start);
}

/** An `AnyValue` with its length. Safe integers are `int64`, other numbers `double`. */
function writeValue(w: ByteWriter, value: AttributeValue): void {
  const start = w.open();
  if (typeof value === "string") {
    w.reserve(FIXED_BYTES + value.length * CHAR_BYTES);
    writeText(w, 0x0a, value);
  } else if (typeof value === "number") {
    if (Number.isSafeInteger(value)) {
      w.byte(0x18);
      w.int64(value);
    } else {
      w.byte(0x21);
      w.double(value);
    }
  } else if (typeof value === "boolean") {
    w.byte(0x10);
    w.byte(value ? 1 : 0);
  } else {
    writeArray(w, value);
  }
  w.close(start);
}

function writeArray(w: ByteWriter, items: readonly (string | number | boolean)[]): void {
  w.byte(0x2a);
  const start = w.open();
  for (const item of items) {
    w.reserve(FIXED_BYTES);
    w.byte(0x0a);
    writeValue(w, item);
  }
  w.close(start);
}

function writeTraceId(w: ByteWriter, word0: number, word1: number, word2: number, word3: number): void {
  w.byte(0x0a);
  w.byte(16);
  w.word(word0);
  w.word(word1);
  w.word(word2);
  w.word(word3);
}

function writeSpanId(w: ByteWriter, high: number, low: number): void {
  w.byte(0x12);
  w.byte(8);
  w.word(high);
  w.word(low);
}

function writeText(w: ByteWriter, tag: number, text: string): void {
  w.byte(tag);
  w.string(text);
}

function writeCount(w: ByteWriter, tag: number, count: number): void {
  if (count === 0) return;
  w.byte(tag);
  w.varint(count);
}

function writeTime(w: ByteWriter, trace: EncodableTrace, monotonicMs: number): void {
  w.at += 8;
  setTime(w.view, w.at - 8, trace, monotonicMs);
}

/** `fixed64` nanoseconds since the epoch, without a bigint a span. */
function setTime(view: DataView, at: number, { anchor }: EncodableTrace, monotonicMs: number): void {
  const sum = anchor.low + Math.round(monotonicMs * 1e6);
  const carry = Math.floor(sum / TWO_32);
  view.setUint32(at, sum - carry * TWO_32, true);
  view.setUint32(at + 4, anchor.high + carry, true);
}
