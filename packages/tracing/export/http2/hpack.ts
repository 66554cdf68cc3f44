/** Header blocks (HPACK, RFC 7541). What is written is literals only; what is read may be anything. */
import { decodeHuffman } from "./huffman.ts";

export type HeaderPair = readonly [name: string, value: string];

/** RFC 7541, appendix A; the index of the first is 1. */
const STATIC_TABLE: readonly HeaderPair[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  ...["200", "204", "206", "304", "400", "404", "500"].map((status): HeaderPair => [":status", status]),
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ..."accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control content-disposition content-encoding content-language content-length content-location content-range content-type cookie date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate"
    .split(" ")
    .map((name): HeaderPair => [name, ""]),
];
const NUMBER_MAX = 65_536;
/** Of the dynamic table, which both sides begin with and we never change. */
const TABLE_BYTES = 4_096;

/** Literals that are never indexed: a token among them stays out of every table on the way. */
export function encodeHeaders(headers: readonly HeaderPair[]): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of headers) {
    parts.push(Buffer.from([0x10]), lengthAndText(name), lengthAndText(value));
  }
  return Buffer.concat(parts);
}

function lengthAndText(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([integer(bytes.length, 7), bytes]);
}

/** RFC 7541 5.1, with the bits before the prefix all zero. */
function integer(value: number, prefixBits: number): Buffer {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.from([value]);
  const bytes = [limit];
  let rest = value - limit;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Reads the blocks of one connection, in their order: each may refer to what came before. */
export class HeaderDecoder {
  /** The newest first (RFC 7541 2.3.3). */
  readonly #dynamic: HeaderPair[] = [];
  #dynamicBytes = 0;
  #limitBytes = TABLE_BYTES;

  /** Throws on a malformed block; the connection is of no use then. */
  decode(block: Uint8Array): HeaderPair[] {
    const reader = new BlockReader(block);
    const headers: HeaderPair[] = [];
    while (reader.hasMore) {
      const first = reader.peek();
      if ((first & 0x80) !== 0) {
        headers.push(this.#indexed(reader.integer(7)));
      } else if ((first & 0xe0) === 0x20) {
        this.#resize(reader.integer(5));
      } else {
        const isRemembered = (first & 0x40) !== 0;
        const index = reader.integer(isRemembered ? 6 : 4);
        const name = index === 0 ? reader.text() : this.#indexed(index)[0];
        const pair: HeaderPair = [name, reader.text()];
        if (isRemembered) this.#remember(pair);
        headers.push(pair);
      }
    }
    return headers;
  }

  #indexed(index: number): HeaderPair {
    const pair = STATIC_TABLE[index - 1] ?? this.#dynamic[index - 1 - STATIC_TABLE.length];
    if (pair === undefined) throw new Error(`header ${index} is in no table`);
    return pair;
  }

  #remember(pair: HeaderPair): void {
    this.#dynamic.unshift(pair);
    this.#dynamicBytes += entryBytes(pair);
    this.#evict();
  }

  #resize(bytes: number): void {
    if (bytes > TABLE_BYTES) throw new Error(`a table of headers of ${bytes} bytes is too large`);
    this.#limitBytes = bytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#dynamicBytes > this.#limitBytes) {
      const oldest = this.#dynamic.pop();
      if (oldest === undefined) return;
      this.#dynamicBytes -= entryBytes(oldest);
    }
  }
}

/** RFC 7541 4.1. */
function entryBytes([name, value]: HeaderPair): number {
  return name.length + value.length + 32;
}

class BlockReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error("a block of headers ends early");
    return byte;
  }

  integer(prefixBits: number): number {
    const limit = 2 ** prefixBits - 1;
    let value = this.peek() & limit;
    this.#at++;
    if (value < limit) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.peek();
      this.#at++;
      value += (byte & 127) * 2 ** shift;
      if (value > NUMBER_MAX) throw new Error("a number in a block of headers is too large");
      if (byte < 128) return value;
    }
  }

  text(): string {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error("a block of headers ends early");
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return isHuffman ? decodeHuffman(bytes) : bytes.toString("latin1");
  }
}
