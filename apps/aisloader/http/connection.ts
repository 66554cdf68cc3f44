/**
 * One HTTP/1.1 connection with one request in flight, straight on a socket: a third of the CPU time of `fetch`, a
 * quarter of that of `node:http`, so that one core can saturate the cluster and not itself.
 */
import { assert } from "@ais/base/assert.ts";
import { errorText } from "@ais/base/errors.ts";
import type { Socket, SocketHandler } from "bun";
import type { Origin } from "./origin.ts";
import { type BodySink, ReplyReader } from "./reply-reader.ts";
import type { ResponseHead } from "./response-head.ts";
import { TransportError } from "./transport-error.ts";

/** Bytes to send that can be read again from any place, since redirects and retries send them again. */
export interface RequestBody {
  readonly lengthBytes: number;
  /** At least one byte and at most the rest, from `offsetBytes` on; unchanged until the reply is complete. */
  pieceAt(offsetBytes: number): Uint8Array;
}

export interface Exchange {
  /** Request line and headers with the empty line, in Latin-1. */
  readonly head: string;
  readonly body: RequestBody | null;
  /** Called when the head is in; null discards the body. */
  onHead(head: ResponseHead): BodySink | null;
}

interface Waiting {
  readonly resolve: (head: ResponseHead | null) => void;
  readonly reject: (error: TransportError) => void;
  readonly sinceMs: number;
}

/** Head and body up to this size go out in one write. */
const JOINED_BODY_MAX_BYTES = 64 * 1024;

export class HttpConnection {
  readonly #origin: Origin;
  #socket: Socket<HttpConnection> | null = null;
  #waiting: Waiting | null = null;
  #reader: ReplyReader | null = null;
  #body: RequestBody | null = null;
  #bodyOffsetBytes = 0;
  #unsent: Uint8Array | null = null;
  #open = true;

  private constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** `register` gets the connection before it is established, so that it can be timed out. */
  static async open(origin: Origin, register: (connection: HttpConnection) => void): Promise<HttpConnection> {
    const connection = new HttpConnection(origin);
    const opened = connection.#wait();
    register(connection);
    Bun.connect({ hostname: origin.hostname, port: origin.port, data: connection, socket: HANDLERS }).catch(
      (error: unknown) => connection.connectFailed(error),
    );
    await opened;
    return connection;
  }

  /** Ready for another exchange. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** True when bytes of the reply to the current or last exchange have come: then it must not be repeated unseen. */
  get hasAnswered(): boolean {
    return this.#reader?.hasStarted ?? false;
  }

  /** Resolves with the head when the whole reply is in. Rejects with `TransportError`; then the connection is gone. */
  async exchange(exchange: Exchange): Promise<ResponseHead> {
    assert(this.#socket !== null && this.#open, "exchange on a connection that is not open");
    const reply = this.#wait();
    this.#reader = new ReplyReader((head) => exchange.onHead(head));
    this.#send(exchange);
    const head = await reply;
    assert(head !== null, "a reply without a head");
    return head;
  }

  /** Ends the connection when what it waits for began before `sinceMs` (of `performance.now`). */
  expire(sinceMs: number, timeoutMs: number): void {
    const waiting = this.#waiting;
    if (waiting === null || waiting.sinceMs > sinceMs) return;
    this.destroy(
      new TransportError("timeout", `no complete reply from ${this.#origin.url} within ${timeoutMs} ms`),
    );
  }

  destroy(error: TransportError): void {
    this.#open = false;
    this.#settle((waiting) => waiting.reject(error));
    this.#socket?.terminate();
  }

  opened(socket: Socket<HttpConnection>): void {
    if (!this.#open) {
      socket.terminate();
      return;
    }
    socket.setNoDelay(true);
    this.#socket = socket;
    this.#settle((waiting) => waiting.resolve(null));
  }

  connectFailed(error: unknown): void {
    this.destroy(
      new TransportError("connect", `no connection to ${this.#origin.url}: ${errorText(error)}`, error),
    );
  }

  received(bytes: Buffer): void {
    const reader = this.#reader;
    if (reader === null || this.#waiting === null) {
      this.destroy(new TransportError("protocol", "bytes without a request"));
      return;
    }
    try {
      const head = reader.read(bytes);
      if (head !== null) this.#complete(reader, head);
    } catch (error) {
      const failure =
        error instanceof TransportError ? error : new TransportError("protocol", errorText(error), error);
      this.destroy(failure);
    }
  }

  closed(): void {
    const head = this.#reader?.headAtClose() ?? null;
    this.#open = false;
    if (head !== null) this.#settle((waiting) => waiting.resolve(head));
    else
      this.destroy(
        new TransportError("closed", `${this.#origin.url} closed the connection before it had replied`),
      );
  }

  /** Sends on as far as the kernel takes it; called again when it takes more. */
  pump(): void {
    const socket = this.#socket;
    while (socket !== null && this.#open) {
      if (this.#unsent === null) {
        if (this.#body === null || this.#bodyOffsetBytes === this.#body.lengthBytes) return;
        this.#unsent = this.#body.pieceAt(this.#bodyOffsetBytes);
        this.#bodyOffsetBytes += this.#unsent.byteLength;
      }
      const written = socket.write(this.#unsent);
      // Of a connection that is gone the close event tells.
      if (written < 0) return;
      if (written < this.#unsent.byteLength) {
        this.#unsent = this.#unsent.subarray(written);
        return;
      }
      this.#unsent = null;
    }
  }

  #send({ head, body }: Exchange): void {
    const joined = body !== null && body.lengthBytes > 0 && body.lengthBytes <= JOINED_BODY_MAX_BYTES;
    const bytes = Buffer.allocUnsafe(head.length + (joined ? body.lengthBytes : 0));
    bytes.write(head, 0, "latin1");
    if (joined) {
      for (let offset = 0; offset < body.lengthBytes; ) {
        const piece = body.pieceAt(offset);
        bytes.set(piece, head.length + offset);
        offset += piece.byteLength;
      }
    }
    this.#unsent = bytes;
    this.#body = joined ? null : body;
    this.#bodyOffsetBytes = 0;
    this.pump();
  }

  #complete(reader: ReplyReader, head: ResponseHead): void {
    const wholeRequestSent =
      this.#unsent === null && (this.#body === null || this.#bodyOffsetBytes === this.#body.lengthBytes);
    // A reply before the end of the request, such as a redirect, makes the rest of the body pointless: the connection
    // is given up, since the peer would take whatever comes next for that body.
    this.#open = wholeRequestSent && head.keepsConnection && !reader.hasSurplus;
    this.#body = null;
    this.#unsent = null;
    // Settled first: the end of the socket may be reported at once, and is no failure of this exchange any more.
    this.#settle((waiting) => waiting.resolve(head));
    if (!this.#open) this.#socket?.terminate();
  }

  #wait(): Promise<ResponseHead | null> {
    assert(this.#waiting === null, "two exchanges on one connection");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, sinceMs: performance.now() };
    });
  }

  #settle(settle: (waiting: Waiting) => void): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) settle(waiting);
  }
}

const HANDLERS: SocketHandler<HttpConnection> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.pump(),
  close: (socket) => socket.data.closed(),
  end: (socket) => socket.data.closed(),
  error: (socket) => socket.data.closed(),
  connectError: (socket, error) => socket.data.connectFailed(error),
};
