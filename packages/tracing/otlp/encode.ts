/**
 * OTLP's protobuf encoding of spans, written once, straight from the recorder's objects. Field numbers are those of
 * opentelemetry-proto v1 (`trace.proto`, `common.proto`, `resource.proto`); a tag is `number << 3 | wire type`.
 */
import type { AttributeBlock } from "../attribute-block.ts";
import type { Attributes, AttributeValue } from "../types.ts";
import { ByteWriter } from "./byte-writer.ts";

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
  readonly name: string;
  readonly kind: number;
  /** Monotonic milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly blocks: readonly AttributeBlock[] | null;
  readonly keys: readonly string[];
  readonly values: readonly AttributeValue[];
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

/** Appends the span as an item of `ScopeSpans.spans`. */
export function encodeSpan(w: ByteWriter, span: EncodableSpan): void {
  const { trace, name } = span;
  w.reserve(FIXED_BYTES + (name.length + trace.state.length + span.statusMessage.length) * CHAR_BYTES);
  w.byte(0x12);
  const start = w.openLarge();
  writeTraceId(w, trace.word0, trace.word1, trace.word2, trace.word3);
  writeSpanId(w, span.idHigh, span.idLow);
  if (trace.state !== "") writeText(w, 0x1a, trace.state);
  if (span.parentHigh !== 0 || span.parentLow !== 0) {
    w.byte(0x22);
    w.byte(8);
    w.word(span.parentHigh);
    w.word(span.parentLow);
  }
  writeText(w, 0x2a, name);
  w.byte(0x30);
  w.byte(span.kind);
  w.byte(0x39);
  writeTime(w, trace, span.startMs);
  w.byte(0x41);
  writeTime(w, trace, span.endMs);
  if (span.blocks !== null) for (const block of span.blocks) writeBlock(w, block);
  const { keys, values } = span;
  for (let i = 0; i < keys.length; i++) {
    writeAttribute(w, ATTRIBUTES_TAG, keys[i] as string, values[i] as AttributeValue);
  }
  w.reserve(FIXED_BYTES + span.statusMessage.length * CHAR_BYTES);
  writeCount(w, 0x50, span.droppedAttributes);
  if (span.events !== null) for (const event of span.events) writeEvent(w, trace, event);
  writeCount(w, 0x60, span.droppedEvents);
  if (span.links !== null) for (const link of span.links) writeLink(w, link);
  w.reserve(FIXED_BYTES + span.statusMessage.length * CHAR_BYTES);
  writeCount(w, 0x70, span.droppedLinks);
  if (span.statusError) writeErrorStatus(w, span.statusMessage);
  // Field 16: its tag takes two bytes.
  w.byte(0x85);
  w.byte(0x01);
  w.fixed32(trace.flags | HAS_IS_REMOTE | (span.parentRemote ? IS_REMOTE : 0));
  w.closeLarge(start);
}

function writeBlock(w: ByteWriter, block: AttributeBlock): void {
  block.encoded ??= encodedBlock(block);
  w.reserve(block.encoded.length + FIXED_BYTES);
  w.raw(block.encoded);
}

function encodedBlock({ attributes, chars, count }: AttributeBlock): Uint8Array {
  const w = new ByteWriter(chars * CHAR_BYTES + (count + 1) * FIXED_BYTES);
  encodeAttributes(w, ATTRIBUTES_TAG, attributes);
  return w.copy();
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

/** `fixed64` nanoseconds since the epoch, without a bigint a span. */
function writeTime(w: ByteWriter, trace: EncodableTrace, monotonicMs: number): void {
  const { high, low } = trace.anchor;
  const sum = low + Math.round(monotonicMs * 1e6);
  const carry = Math.floor(sum / TWO_32);
  w.fixed32(sum - carry * TWO_32);
  w.fixed32(high + carry);
}
