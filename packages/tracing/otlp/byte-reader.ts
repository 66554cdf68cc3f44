import { AisError } from "@ais/base/errors.ts";

/** Protobuf wire types. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const TWO_32 = 2 ** 32;
const MAX_VARINT_BYTES = 10;
const GROUP_START = 3;

/**
 * Reads protobuf wire format between two offsets of one buffer. Everything that is not well-formed throws `badRequest`;
 * every step moves forward, so no input can hold a reader for long.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;
  /** Of the field whose tag was read last. */
  field = 0;
  wireType = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = start;
    this.#end = end;
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    if (tag.high !== 0) throw malformed("a tag of more than 32 bits");
    this.field = tag.low >>> 3;
    this.wireType = tag.low & 7;
    if (this.field === 0) throw malformed("field number 0");
    return true;
  }

  /** A message of its own, in the same bytes. */
  message(): ByteReader {
    const [start, end] = this.#delimited();
    return new ByteReader(this.#bytes, start, end);
  }

  text(): string {
    const [start, end] = this.#delimited();
    return this.#bytes.toString("utf8", start, end);
  }

  /** A copy: the buffer of a request is not kept alive by what was read of it. */
  bytes(): Uint8Array {
    const [start, end] = this.#delimited();
    return new Uint8Array(this.#bytes.subarray(start, end));
  }

  /** Lower-case hex of a field that is empty or `length` bytes long. */
  id(length: number): string {
    const [start, end] = this.#delimited();
    if (end !== start && end - start !== length) {
      throw malformed(`an id of ${end - start} bytes, not ${length}`);
    }
    return this.#bytes.toString("hex", start, end);
  }

  /** An unsigned number of up to 32 bits; higher bits are cut off, as protobuf does. */
  uint32(): number {
    this.#expect(WIRE.varint);
    return this.#varint().low;
  }

  bool(): boolean {
    this.#expect(WIRE.varint);
    const { high, low } = this.#varint();
    return (high | low) !== 0;
  }

  /** A number while it is safe, else a bigint. */
  int64(): number | bigint {
    this.#expect(WIRE.varint);
    const { high, low } = this.#varint();
    if (high < 0x20_0000) return high * TWO_32 + low;
    const value = BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : value;
  }

  double(): number {
    this.#expect(WIRE.fixed64);
    return this.#bytes.readDoubleLE(this.#skipFixed(8));
  }

  fixed64(): bigint {
    this.#expect(WIRE.fixed64);
    return this.#bytes.readBigUInt64LE(this.#skipFixed(8));
  }

  fixed32(): number {
    this.#expect(WIRE.fixed32);
    return this.#bytes.readUInt32LE(this.#skipFixed(4));
  }

  /** Passes over a field that the reader does not know. Groups are not in proto3, so they are malformed. */
  skip(): void {
    if (this.wireType === WIRE.varint) this.#varint();
    else if (this.wireType === WIRE.fixed64) this.#skipFixed(8);
    else if (this.wireType === WIRE.fixed32) this.#skipFixed(4);
    else if (this.wireType === WIRE.bytes) this.#delimited();
    else throw malformed(this.wireType <= GROUP_START + 1 ? "a group" : `wire type ${this.wireType}`);
  }

  #delimited(): [start: number, end: number] {
    this.#expect(WIRE.bytes);
    const { high, low } = this.#varint();
    const start = this.#at;
    if (high !== 0 || low > this.#end - start) throw malformed("a length past the end");
    this.#at = start + low;
    return [start, this.#at];
  }

  #skipFixed(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw malformed("a number past the end");
    this.#at = start + length;
    return start;
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType) throw malformed(`wire type ${this.wireType} in field ${this.field}`);
  }

  #varint(): { high: number; low: number } {
    let low = 0;
    let high = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      if (this.#at >= this.#end) throw malformed("a number past the end");
      const byte = this.#bytes[this.#at++] as number;
      const bits = byte & 127;
      if (i < 4) low |= bits << (7 * i);
      else if (i === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (7 * i - 32);
      if (byte < 128) return { high: high >>> 0, low: low >>> 0 };
    }
    throw malformed("a number of more than ten bytes");
  }
}

export function malformed(what: string): AisError {
  return new AisError("badRequest", `malformed OTLP message: ${what}`);
}
