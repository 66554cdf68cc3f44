import type { Socket, SocketHandler } from "bun";

export interface LoadSource {
  readonly head: Uint8Array;
  /** Sent after the head; empty for GET. */
  readonly body: Uint8Array;
  readonly replyBodyBytes: number;
}

export interface LoadOwner {
  /** The next request; null ends the connection's work. */
  next(): LoadSource | null;
  replied(): void;
  failed(error: Error): void;
}

const HEAD_END = Buffer.from("\r\n\r\n");
/** `HTTP/1.1 200`: where the status stands. */
const STATUS_AT = 9;

/**
 * One kept connection with one request in flight. It knows what it will get, so it finds the end of a reply's head and
 * counts the rest: what the generator costs must not limit the server.
 */
export class LoadConnection {
  readonly #owner: LoadOwner;
  #socket: Socket<LoadConnection> | null = null;
  #current: LoadSource | null = null;
  #unsent: Uint8Array[] = [];
  /** Bytes of the reply still to come; 0 before its head. */
  #missing = 0;

  constructor(owner: LoadOwner) {
    this.#owner = owner;
  }

  async connect(port: number): Promise<void> {
    this.#socket = await Bun.connect({ hostname: "127.0.0.1", port, data: this, socket: HANDLERS });
    this.#socket.setNoDelay(true);
  }

  close(): void {
    this.#current = null;
    this.#socket?.end();
  }

  send(): void {
    this.#current = this.#owner.next();
    if (this.#current === null) return;
    const { head, body } = this.#current;
    this.#unsent = body.length === 0 ? [head] : [head, body];
    this.pump();
  }

  pump(): void {
    for (let piece = this.#unsent[0]; piece !== undefined; piece = this.#unsent[0]) {
      const written = this.#socket?.write(piece) ?? -1;
      if (written < 0) return;
      if (written < piece.length) {
        this.#unsent[0] = piece.subarray(written);
        return;
      }
      this.#unsent.shift();
    }
  }

  received(bytes: Buffer): void {
    if (this.#current === null) return;
    if (this.#missing === 0) {
      const headEnd = bytes.indexOf(HEAD_END);
      const status = bytes.toString("latin1", STATUS_AT, STATUS_AT + 3);
      if (headEnd < 0 || status !== "200") {
        this.#owner.failed(new Error(`unexpected reply: ${bytes.toString("latin1", 0, 400)}`));
        return;
      }
      this.#missing = headEnd + HEAD_END.length + this.#current.replyBodyBytes;
    }
    this.#missing -= bytes.length;
    if (this.#missing > 0) return;
    this.#owner.replied();
    this.send();
  }

  closed(): void {
    if (this.#current !== null) this.#owner.failed(new Error("the server closed the connection"));
  }
}

const HANDLERS: SocketHandler<LoadConnection> = {
  data: (socket, bytes) => socket.data.received(bytes),
  drain: (socket) => socket.data.pump(),
  close: (socket) => socket.data.closed(),
  error: (socket) => socket.data.closed(),
};
