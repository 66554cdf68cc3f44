import type { HeaderPair } from "./hpack.ts";

/** What a server answered to one call. */
export interface StreamReply {
  /** Of the first block of headers. */
  readonly headers: ReadonlyMap<string, string>;
  /** Empty when all came in one block. */
  readonly trailers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** `reset`: by the server; `lost`: the connection is gone. */
export type StreamEnd = "timeout" | "reset" | "lost";

/** Why a call ended without a whole answer. */
export class StreamError extends Error {
  readonly end: StreamEnd;
  /** Of HTTP/2 (RFC 9113, section 7), where the server reset the stream. */
  readonly code: number;

  constructor(end: StreamEnd, message: string, code = 0) {
    super(message);
    this.end = end;
    this.code = code;
  }
}

/** Answers of a collector are a few bytes. */
export const REPLY_MAX_BYTES = 1024 * 1024;

/** One call on a connection: what is left to send of it, and what has come back. */
export class ClientStream {
  readonly id: number;
  readonly reply: Promise<StreamReply>;
  /** Bytes that the server lets us send. */
  windowBytes: number;
  readonly #parts: Uint8Array[];
  #partAt = 0;
  #headers: ReadonlyMap<string, string> | null = null;
  #trailers: ReadonlyMap<string, string> = new Map();
  readonly #body: Buffer[] = [];
  #bodyBytes = 0;
  #resolve: (reply: StreamReply) => void = () => {};
  #reject: (error: StreamError) => void = () => {};

  constructor(id: number, windowBytes: number, parts: readonly Uint8Array[]) {
    this.id = id;
    this.windowBytes = windowBytes;
    this.#parts = parts.filter(({ length }) => length > 0);
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isSent(): boolean {
    return this.#parts.length === 0;
  }

  get leftBytes(): number {
    let left = -this.#partAt;
    for (const { length } of this.#parts) left += length;
    return left;
  }

  /** Copies up to `bytes` of what is left into `out` and returns how many. */
  take(out: Buffer, at: number, bytes: number): number {
    let taken = 0;
    for (let part = this.#parts[0]; part !== undefined && taken < bytes; part = this.#parts[0]) {
      const piece = part.subarray(this.#partAt, this.#partAt + bytes - taken);
      out.set(piece, at + taken);
      taken += piece.length;
      this.#partAt += piece.length;
      if (this.#partAt < part.length) break;
      this.#parts.shift();
      this.#partAt = 0;
    }
    return taken;
  }

  /** The first block that is no interim answer is the headers, the next one the trailers. */
  receiveHeaders(pairs: readonly HeaderPair[]): void {
    const map = new Map(pairs);
    if (this.#headers !== null) this.#trailers = map;
    else if (!(map.get(":status") ?? "").startsWith("1")) this.#headers = map;
  }

  receiveData(bytes: Buffer): void {
    this.#bodyBytes += bytes.length;
    if (this.#bodyBytes > REPLY_MAX_BYTES) throw new Error(`an answer of more than ${REPLY_MAX_BYTES} bytes`);
    this.#body.push(Buffer.from(bytes));
  }

  end(): void {
    if (this.#headers === null)
      this.fail(new StreamError("reset", "the server ended the stream without an answer"));
    else this.#resolve({ headers: this.#headers, trailers: this.#trailers, body: Buffer.concat(this.#body) });
  }

  fail(error: StreamError): void {
    this.#parts.length = 0;
    this.#reject(error);
  }
}
