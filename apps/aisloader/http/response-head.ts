import { TransportError } from "./transport-error.ts";

/** How the end of a body is known (RFC 9112, 6.3). `bytes` counts for `length` only. */
export interface BodyFraming {
  readonly kind: "length" | "chunked" | "until-close";
  readonly bytes: number;
}

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/;
const CONTENT_LENGTH = headerPattern("content-length");
const TRANSFER_ENCODING = headerPattern("transfer-encoding");
const CONNECTION = headerPattern("connection");
const NO_BODY: BodyFraming = { kind: "length", bytes: 0 };
const CHUNKED: BodyFraming = { kind: "chunked", bytes: 0 };
const UNTIL_CLOSE: BodyFraming = { kind: "until-close", bytes: 0 };

/** For `ResponseHead.header`; made once for each name, since replies come by the hundred thousand. */
export function headerPattern(name: string): RegExp {
  return new RegExp(`\\r\\n${name}:[ \\t]*([^\\r\\n]*)`, "i");
}

/** Status line and headers of a reply. Headers are looked up in the text: a reply has more of them than anyone asks for. */
export class ResponseHead {
  readonly status: number;
  readonly #text: string;

  /** `text` is Latin-1, from the status line to the line end of the last header. */
  constructor(text: string) {
    const status = STATUS_LINE.exec(text)?.[1];
    if (status === undefined) {
      throw new TransportError("protocol", `no HTTP/1.1 reply: ${JSON.stringify(text.slice(0, 60))}`);
    }
    this.status = Number(status);
    this.#text = text;
  }

  /** The first value, null when absent. */
  header(pattern: RegExp): string | null {
    return pattern.exec(this.#text)?.[1]?.trimEnd() ?? null;
  }

  get framing(): BodyFraming {
    const { status } = this;
    if (status < 200 || status === 204 || status === 304) return NO_BODY;
    const coding = this.header(TRANSFER_ENCODING);
    if (coding !== null) return coding.toLowerCase().endsWith("chunked") ? CHUNKED : UNTIL_CLOSE;
    const length = this.header(CONTENT_LENGTH);
    if (length === null) return UNTIL_CLOSE;
    if (!/^\d{1,15}$/.test(length))
      throw new TransportError("protocol", `invalid Content-Length "${length}"`);
    return { kind: "length", bytes: Number(length) };
  }

  get keepsConnection(): boolean {
    return this.#text.startsWith("HTTP/1.1") && this.header(CONNECTION)?.toLowerCase() !== "close";
  }
}
