/**
 * A request as the ring keeps it: the nodes it was sent on to, and its spans in OTLP with the facts of the SERVER span
 * beside them, whose attributes are made only when the span is exported.
 */
import { ByteWriter } from "../otlp/byte-writer.ts";
import { encodeSpan } from "../otlp/encode.ts";
import type { RecordingSpan } from "../recorder/recording-span.ts";
import type { FactValue, SpanFacts } from "../types.ts";
import { SAMPLED_FLAG } from "../w3c/traceparent.ts";
import type { FlightTrace } from "./flight-trace.ts";

export interface KeptSpan {
  /** An item of `ScopeSpans.spans`. */
  readonly item: Uint8Array;
  readonly facts: SpanFacts | null;
}

export interface FlightRecord {
  readonly nodeIds: readonly string[];
  readonly spans: readonly KeptSpan[];
}

const NO_FACTS = 0;
const VALUE = { none: 0, text: 1, number: 2 } as const;
const CHAR_BYTES = 3;
/** More than what stands beside the texts of one entry. */
const FIXED_BYTES = 64;
/** Longer texts of facts are cut: a path may be as long as the client likes. */
const FACT_CHARS = 4_096;

type Describe = SpanFacts["describe"];

export class FlightRecordCodec {
  readonly #writer = new ByteWriter();
  /** Functions stay outside of the bytes; there are very few kinds of facts. */
  readonly #kinds: Describe[] = [];

  /** Good until the next call. The spans say that they are sampled: they are read only if they are exported. */
  encode(flight: FlightTrace, spans: readonly RecordingSpan[]): Uint8Array {
    const w = this.#writer;
    w.clear();
    w.reserve(FIXED_BYTES);
    w.varint(flight.nodeIds.length);
    for (const nodeId of flight.nodeIds) this.#text(nodeId);
    w.reserve(FIXED_BYTES);
    w.varint(spans.length);
    const { flags } = flight;
    flight.flags |= SAMPLED_FLAG;
    for (const span of spans) {
      const start = w.at;
      w.reserve(FIXED_BYTES);
      w.fixed32(0);
      encodeSpan(w, span);
      const end = w.at;
      w.at = start;
      w.fixed32(end - start - 4);
      w.at = end;
      this.#facts(span.takeFacts());
    }
    flight.flags = flags;
    return w.written();
  }

  decode(bytes: Uint8Array): FlightRecord {
    const reader = new RecordReader(bytes);
    const nodeIds = Array.from({ length: reader.varint() }, () => reader.text());
    const spans = Array.from({ length: reader.varint() }, (): KeptSpan => {
      const item = reader.bytes(reader.fixed32());
      return { item, facts: this.#readFacts(reader) };
    });
    return { nodeIds, spans };
  }

  #facts(facts: SpanFacts | null): void {
    const w = this.#writer;
    w.reserve(FIXED_BYTES);
    if (facts === null) {
      w.byte(NO_FACTS);
      return;
    }
    w.byte(this.#kindOf(facts.describe) + 1);
    w.varint(facts.values.length);
    for (const value of facts.values) this.#value(value);
  }

  #value(value: FactValue): void {
    const w = this.#writer;
    w.reserve(FIXED_BYTES);
    if (value === null) {
      w.byte(VALUE.none);
    } else if (typeof value === "number") {
      w.byte(VALUE.number);
      w.double(value);
    } else {
      w.byte(VALUE.text);
      this.#text(value.length > FACT_CHARS ? value.slice(0, FACT_CHARS) : value);
    }
  }

  #text(text: string): void {
    this.#writer.reserve(FIXED_BYTES + text.length * CHAR_BYTES);
    this.#writer.string(text);
  }

  #kindOf(describe: Describe): number {
    const known = this.#kinds.indexOf(describe);
    return known >= 0 ? known : this.#kinds.push(describe) - 1;
  }

  #readFacts(reader: RecordReader): SpanFacts | null {
    const describe = this.#kinds[reader.byte() - 1];
    if (describe === undefined) return null;
    return { describe, values: Array.from({ length: reader.varint() }, () => readValue(reader)) };
  }
}

function readValue(reader: RecordReader): FactValue {
  const kind = reader.byte();
  if (kind === VALUE.none) return null;
  return kind === VALUE.number ? reader.double() : reader.text();
}

/** Reads what this file wrote. */
class RecordReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  fixed32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  double(): number {
    this.#at += 8;
    return this.#bytes.readDoubleLE(this.#at - 8);
  }

  text(): string {
    const length = this.varint();
    this.#at += length;
    return this.#bytes.toString("utf8", this.#at - length, this.#at);
  }

  bytes(length: number): Uint8Array {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
