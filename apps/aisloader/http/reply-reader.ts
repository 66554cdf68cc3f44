import { ChunkedDecoder } from "./chunked-decoder.ts";
import { type BodyFraming, ResponseHead } from "./response-head.ts";
import { TransportError } from "./transport-error.ts";

const HEAD_MAX_BYTES = 64 * 1024;
const HEAD_END = "\r\n\r\n";
const EMPTY = Buffer.alloc(0);

/** Takes a reply's bytes as they arrive. */
export type BodySink = (bytes: Uint8Array) => void;

/** Reads one reply from the pieces in which it arrives. */
export class ReplyReader {
  readonly #onHead: (head: ResponseHead) => BodySink | null;
  #headBytes: Buffer = EMPTY;
  #head: ResponseHead | null = null;
  #sink: BodySink | null = null;
  #framing: BodyFraming | null = null;
  #bodyLeftBytes = 0;
  #chunked: ChunkedDecoder | null = null;
  #started = false;
  #surplus = false;

  constructor(onHead: (head: ResponseHead) => BodySink | null) {
    this.#onHead = onHead;
  }

  get hasStarted(): boolean {
    return this.#started;
  }

  /** Bytes came after the end of the reply: nobody asked for them, so the connection cannot be trusted. */
  get hasSurplus(): boolean {
    return this.#surplus;
  }

  /** The head once the reply is complete, null before. Throws `TransportError` when it is malformed. */
  read(bytes: Buffer): ResponseHead | null {
    this.#started = true;
    let rest = bytes;
    while (this.#head === null) {
      const buffer = this.#headBytes.length === 0 ? rest : Buffer.concat([this.#headBytes, rest]);
      const end = buffer.indexOf(HEAD_END);
      if (end < 0) {
        if (buffer.length > HEAD_MAX_BYTES)
          throw new TransportError("protocol", "the head of the reply is too long");
        this.#headBytes = buffer;
        return null;
      }
      this.#headBytes = EMPTY;
      rest = buffer.subarray(end + HEAD_END.length);
      this.#begin(new ResponseHead(buffer.toString("latin1", 0, end + 2)));
    }
    return this.#readBody(rest) ? this.#head : null;
  }

  /** The head when the end of the connection ends this reply properly, else null. */
  headAtClose(): ResponseHead | null {
    return this.#framing?.kind === "until-close" ? this.#head : null;
  }

  #begin(head: ResponseHead): void {
    // 100 Continue and its kind only announce the reply.
    if (head.status < 200) return;
    this.#head = head;
    this.#framing = head.framing;
    this.#bodyLeftBytes = this.#framing.bytes;
    if (this.#framing.kind === "chunked") this.#chunked = new ChunkedDecoder();
    this.#sink = this.#onHead(head);
  }

  /** True at the end of the body. */
  #readBody(bytes: Buffer): boolean {
    if (this.#chunked !== null) {
      const used = this.#chunked.decode(bytes, (piece) => this.#sink?.(piece));
      this.#surplus = used >= 0 && used < bytes.length;
      return used >= 0;
    }
    if (this.#framing?.kind === "until-close") {
      if (bytes.length > 0) this.#sink?.(bytes);
      return false;
    }
    const length = Math.min(bytes.length, this.#bodyLeftBytes);
    this.#bodyLeftBytes -= length;
    this.#surplus = length < bytes.length;
    if (length > 0) this.#sink?.(this.#surplus ? bytes.subarray(0, length) : bytes);
    return this.#bodyLeftBytes === 0;
  }
}
