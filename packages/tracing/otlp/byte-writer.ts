const utf8 = new TextEncoder();
/** Above this the platform's encoder is quicker than a loop over characters (measured on Bun). */
const LOOP_CHARS = 96;
/** Both texts of an attribute with their tags and lengths stay below 128 bytes. */
const SHORT_ATTRIBUTE_CHARS = 121;
const INITIAL_BYTES = 64 * 1024;
const TWO_32 = 2 ** 32;

/** Protobuf wire writer over one buffer that grows by doubling and is reused after `clear`. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  /** Length of what was written. May be set back to drop what came after. */
  at = 0;

  constructor(initialBytes: number = INITIAL_BYTES) {
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Of the whole buffer, for filling in what was left open; good until the next `reserve`. */
  get view(): DataView {
    return this.#view;
  }

  clear(): void {
    this.at = 0;
  }

  /** A copy of exactly what was written, whose buffer can be transferred. */
  copy(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.at));
  }

  /**
   * What was written, without a copy; the writer goes on in `next`. Whoever takes it has the whole buffer, of which there may
   * be much more than what was written.
   */
  take(next: ArrayBuffer): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.at);
    this.#bytes = new Uint8Array(next);
    this.#view = new DataView(this.#bytes.buffer);
    this.at = 0;
    return taken;
  }

  /** What was written, good until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.at);
  }

  /** Makes room; every other method of this class expects that its caller did. */
  reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.#bytes.length) return;
    let size = this.#bytes.length * 2;
    while (size < needed) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.#bytes.subarray(0, this.at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.#bytes[this.at++] = value;
  }

  /** An unsigned integer up to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest >= TWO_32) {
      this.#bytes[this.at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#varint32(rest >>> 0);
  }

  #varint32(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.at++] = rest;
  }

  /** A safe integer as `int64`; a negative one takes ten bytes. */
  int64(value: number): void {
    if (value >= 0) {
      this.varint(value);
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#bytes[this.at++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.at++] = Number(rest);
  }

  /** 32 bits, little endian. */
  fixed32(word: number): void {
    this.#view.setUint32(this.at, word, true);
    this.at += 4;
  }

  /** 32 bits, most significant byte first, as in ids. */
  word(word: number): void {
    this.#view.setUint32(this.at, word);
    this.at += 4;
  }

  double(value: number): void {
    this.#view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  raw(source: Uint8Array): void {
    this.#bytes.set(source, this.at);
    this.at += source.length;
  }

  /** Length and bytes of `text` in UTF-8. Expects room for five bytes and three per character. */
  string(text: string): void {
    if (text.length <= LOOP_CHARS && this.#shortAscii(text)) return;
    const lengthAt = this.open();
    this.at += utf8.encodeInto(text, this.#bytes.subarray(this.at)).written;
    this.close(lengthAt);
  }

  #shortAscii(text: string): boolean {
    const bytes = this.#bytes;
    const length = text.length;
    let at = this.at;
    bytes[at++] = length;
    if (putAscii(bytes, at, text, length) > 127) return false;
    this.at = at + length;
    return true;
  }

  /**
   * A `KeyValue` of two texts with its tag, in one go since its lengths are known: most attributes are such. False, with
   * nothing written, when they are not ASCII or too long for lengths of one byte. Expects room for 128 bytes.
   */
  shortTextAttribute(tag: number, key: string, value: string): boolean {
    const keyLength = key.length;
    const valueLength = value.length;
    if (keyLength + valueLength > SHORT_ATTRIBUTE_CHARS || valueLength > LOOP_CHARS) return false;
    const bytes = this.#bytes;
    let at = this.at;
    bytes[at++] = tag;
    bytes[at++] = keyLength + valueLength + 6;
    bytes[at++] = 0x0a;
    bytes[at++] = keyLength;
    let seen = putAscii(bytes, at, key, keyLength);
    at += keyLength;
    bytes[at++] = 0x12;
    bytes[at++] = valueLength + 2;
    bytes[at++] = 0x0a;
    bytes[at++] = valueLength;
    seen |= putAscii(bytes, at, value, valueLength);
    at += valueLength;
    if (seen > 127) return false;
    this.at = at;
    return true;
  }

  /** The same for a number that is an `int64` of up to 31 bits; false, with nothing written, for others. */
  shortNumberAttribute(tag: number, key: string, value: number): boolean {
    const keyLength = key.length;
    if ((value | 0) !== value || value < 0 || keyLength > LOOP_CHARS) return false;
    const valueLength = value < 128 ? 1 : value < 16384 ? 2 : value < 2097152 ? 3 : value < 268435456 ? 4 : 5;
    const bytes = this.#bytes;
    let at = this.at;
    bytes[at++] = tag;
    bytes[at++] = keyLength + valueLength + 5;
    bytes[at++] = 0x0a;
    bytes[at++] = keyLength;
    const seen = putAscii(bytes, at, key, keyLength);
    at += keyLength;
    if (seen > 127) return false;
    bytes[at++] = 0x12;
    bytes[at++] = valueLength + 1;
    bytes[at++] = 0x18;
    this.at = at;
    this.#varint32(value);
    return true;
  }

  /** `open` for a value that is expected to take 128 bytes to 16 KiB; give the result to `closeLarge`. */
  openLarge(): number {
    this.at += 2;
    return this.at - 2;
  }

  /** Two bytes were left for the length, so that the usual value stays where it is: moving it costs 0.1 us. */
  closeLarge(lengthAt: number): void {
    const length = this.at - lengthAt - 2;
    if (length >= 128 && length < 16384) {
      this.#bytes[lengthAt] = (length & 127) | 128;
      this.#bytes[lengthAt + 1] = length >>> 7;
      return;
    }
    this.#bytes.copyWithin(lengthAt + 1, lengthAt + 2, this.at);
    this.at--;
    this.close(lengthAt);
  }

  /** Starts a length-delimited value of unknown length; give the result to `close`. */
  open(): number {
    return this.at++;
  }

  /** Writes the length. One byte was left for it: a value of 128 bytes or more moves up to make room. */
  close(lengthAt: number): void {
    const length = this.at - lengthAt - 1;
    if (length < 128) {
      this.#bytes[lengthAt] = length;
      return;
    }
    const extra = length < 16384 ? 1 : length < 2097152 ? 2 : length < 268435456 ? 3 : 4;
    this.reserve(extra);
    this.#bytes.copyWithin(lengthAt + 1 + extra, lengthAt + 1, this.at);
    const end = this.at + extra;
    this.at = lengthAt;
    this.#varint32(length);
    this.at = end;
  }
}

/**
 * Puts the characters at `at`; what comes back is above 127 when one of them is not ASCII. Looking once at the end leaves a
 * loop without a branch; what was written of a text that is not ASCII is written over.
 */
function putAscii(bytes: Uint8Array, at: number, text: string, length: number): number {
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    bytes[at + i] = code;
    seen |= code;
  }
  return seen;
}
