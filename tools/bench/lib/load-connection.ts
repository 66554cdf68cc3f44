import type { Socket, SocketHandler } from "bun";
import { parseReplyHead } from "./reply-head.ts";

export interface LoadSource {
  readonly method: string;
  /** Request line and headers, and the body when it is small. */
  readonly head: Uint8Array;
  /** Headers after `Host`, with the empty line: a redirect is followed with them. */
  readonly headerText: string;
  /** Sent after the head, over and over until `bodyBytes` are out. */
  readonly chunk: Uint8Array;
  readonly bodyBytes: number;
  /** The body is part of `head`. */
  readonly isJoined: boolean;
  readonly replyBodyBytes: number | null;
  readonly replyStatus: number;
}

export interface LoadOwner {
  readonly followsRedirects: boolean;
  /** The next request; null ends the connection's work. */
  next(): LoadSource | null;
  replied(latencyMs: number): void;
  failed(error: Error): void;
}

interface Peer {
  readonly connection: LoadConnection;
  readonly port: number;
}

const HEAD_END = Buffer.from("\r\n\r\n");
/** `HTTP/1.1 200`: where the status stands. */
const STATUS_AT = 9;

/**
 * One client with one request in flight and one kept connection to each server it meets. It counts a reply instead of
 * parsing it where it knows what it will get: what the generator costs must not limit the server.
 */
export class LoadConnection {
  readonly #owner: LoadOwner;
  readonly #port: number;
  readonly #sockets = new Map<number, Socket<Peer>>();
  #active: Socket<Peer> | null = null;
  #current: LoadSource | null = null;
  #startedMs = 0;
  #unsent: Uint8Array | null = null;
  #bodyLeftBytes = 0;
  /** Bytes of the reply still to come; 0 before its head. */
  #missingBytes = 0;
  #redirect: string | null = null;
  #closesAfterReply = false;

  constructor(owner: LoadOwner, port: number) {
    this.#owner = owner;
    this.#port = port;
  }

  async connect(): Promise<void> {
    await this.#open(this.#port);
  }

  close(): void {
    this.#current = null;
    for (const socket of this.#sockets.values()) socket.end();
  }

  send(): void {
    this.#current = this.#owner.next();
    if (this.#current === null) return;
    this.#startedMs = performance.now();
    this.#dispatch(this.#port, this.#current.head, this.#current);
  }

  pump(socket: Socket<Peer>): void {
    const source = this.#current;
    if (source === null || socket !== this.#active) return;
    for (;;) {
      if (this.#unsent === null) {
        if (this.#bodyLeftBytes === 0) return;
        this.#unsent = source.chunk.subarray(0, Math.min(this.#bodyLeftBytes, source.chunk.length));
        this.#bodyLeftBytes -= this.#unsent.length;
      }
      const written = socket.write(this.#unsent);
      // Of a connection that is gone the close event tells.
      if (written < 0) return;
      if (written < this.#unsent.length) {
        this.#unsent = this.#unsent.subarray(written);
        return;
      }
      this.#unsent = null;
    }
  }

  received(socket: Socket<Peer>, bytes: Buffer): void {
    if (this.#current === null || socket !== this.#active) return;
    if (this.#missingBytes === 0) {
      const replyBytes = this.#replyBytes(this.#current, bytes);
      if (replyBytes === null) {
        this.#owner.failed(new Error(`unexpected reply: ${bytes.toString("latin1", 0, 400)}`));
        return;
      }
      this.#missingBytes = replyBytes;
    }
    this.#missingBytes -= bytes.length;
    if (this.#missingBytes <= 0) this.#complete(socket, this.#current);
  }

  closed({ port }: Peer, socket: Socket<Peer>): void {
    if (this.#sockets.get(port) === socket) this.#sockets.delete(port);
    if (this.#current !== null && socket === this.#active) {
      this.#owner.failed(new Error("the server closed the connection"));
    }
  }

  /** Head and body together; null when this is not the reply that must come. */
  #replyBytes(source: LoadSource, bytes: Buffer): number | null {
    const headEnd = bytes.indexOf(HEAD_END);
    if (headEnd < 0) return null;
    const headBytes = headEnd + HEAD_END.length;
    const status = Number(bytes.toString("latin1", STATUS_AT, STATUS_AT + 3));
    const isRedirect = this.#owner.followsRedirects && (status === 301 || status === 307);
    if (!isRedirect && status !== source.replyStatus) return null;
    if (!isRedirect && source.replyBodyBytes !== null) return headBytes + source.replyBodyBytes;
    const head = parseReplyHead(bytes.toString("latin1", 0, headBytes));
    if (isRedirect) this.#redirect = head.location;
    this.#closesAfterReply = head.closes;
    return headBytes + (source.method === "HEAD" ? 0 : head.contentLengthBytes);
  }

  #complete(socket: Socket<Peer>, source: LoadSource): void {
    this.#missingBytes = 0;
    const { port } = socket.data;
    const isWhollySent = this.#unsent === null && this.#bodyLeftBytes === 0;
    this.#active = null;
    // A server takes whatever comes next for the rest of the body.
    if (!isWhollySent || this.#closesAfterReply) {
      this.#sockets.delete(port);
      socket.terminate();
      this.#closesAfterReply = false;
    }
    const location = this.#redirect;
    if (location === null) {
      this.#owner.replied(performance.now() - this.#startedMs);
      this.send();
      return;
    }
    this.#redirect = null;
    const { host, port: nextPort } = new URL(location);
    const target = location.slice(location.indexOf(host) + host.length);
    const head = Buffer.from(`${source.method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${source.headerText}`);
    const joined = source.isJoined && source.bodyBytes > 0;
    this.#dispatch(
      Number(nextPort),
      joined ? Buffer.concat([head, source.chunk.subarray(0, source.bodyBytes)]) : head,
      source,
    );
  }

  #dispatch(port: number, head: Uint8Array, source: LoadSource): void {
    this.#unsent = head;
    this.#bodyLeftBytes = source.isJoined ? 0 : source.bodyBytes;
    const kept = this.#sockets.get(port);
    if (kept !== undefined) {
      this.#active = kept;
      this.pump(kept);
      return;
    }
    this.#open(port).then(
      (socket) => {
        this.#active = socket;
        this.pump(socket);
      },
      (error: unknown) => this.#owner.failed(new Error(`no connection to port ${port}`, { cause: error })),
    );
  }

  async #open(port: number): Promise<Socket<Peer>> {
    const data: Peer = { connection: this, port };
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, data, socket: HANDLERS });
    socket.setNoDelay(true);
    this.#sockets.set(port, socket);
    return socket;
  }
}

const HANDLERS: SocketHandler<Peer> = {
  data: (socket, bytes) => socket.data.connection.received(socket, bytes),
  drain: (socket) => socket.data.connection.pump(socket),
  close: (socket) => socket.data.connection.closed(socket.data, socket),
  error: (socket) => socket.data.connection.closed(socket.data, socket),
};
