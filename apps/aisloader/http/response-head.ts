import { TransportError } from "./transport-error.ts";

/** How the end of a body is known (RFC 9112, 6.3). `bytes` counts for `length` only. */
export interface BodyFraming {
  readonly kind: "length" | "chunked" | "until-close";
  readonly bytes: number;
}

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |\r\n)/;
const NO_BODY: BodyFraming = { kind: "length", bytes: 0 };
const CHUNKED: BodyFraming = { kind: "chunked", bytes: 0 };
const UNTIL_CLOSE: BodyFraming = { kind: "until-close", bytes: 0 };

/** Status line and headers of a reply. Headers are looked up in the text: a reply has more of them than anyone asks for. */
export class ResponseHead {
  readonly status: number;
  readonly #text: string;
  readonly #lowerCase: string;

  /** `text` is Latin-1, from the status line to the line end of the last header. */
  constructor(text: string) {
    const status = STATUS_LINE.exec(text)?.[1];
    if (status === undefined) {
      throw new TransportError("protocol", `no HTTP/1.1 reply: ${JSON.stringify(text.slice(0, 60))}`);
    }
    this.status = Number(status);
    this.#text = text;
    this.#lowerCase = text.toLowerCase();
  }

  /** The first value, null when absent. `name` in lower case. */
  header(name: string): string | null {
    const at = this.#lowerCase.indexOf(`\r\n${name}:`);
    if (at < 0) return null;
    const start = at + name.length + 3;
    return this.#text.slice(start, this.#text.indexOf("\r\n", start)).trim();
  }

  get framing(): BodyFraming {
    const { status } = this;
    if (status < 200 || status === 204 || status === 304) return NO_BODY;
    if (this.header("transfer-encoding")?.toLowerCase().endsWith("chunked") === true) return CHUNKED;
    const length = this.header("content-length");
    if (length === null) return UNTIL_CLOSE;
    if (!/^\d{1,15}$/.test(length))
      throw new TransportError("protocol", `invalid Content-Length "${length}"`);
    return { kind: "length", bytes: Number(length) };
  }

  get keepsConnection(): boolean {
    return this.#text.startsWith("HTTP/1.1") && this.header("connection")?.toLowerCase() !== "close";
  }
}
