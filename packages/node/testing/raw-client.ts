/** A client below HTTP libraries, for tests: it sends exactly what it is told and breaks off when it is told. */
import { connect, type Socket } from "node:net";

export interface RawConnection {
  write(text: string): void;
  /** Resolves when everything written is with the kernel. */
  sent(): Promise<void>;
  /** The next reply's head; a body that came with it is dropped. */
  head(): Promise<string>;
  /** Everything until the server closes. */
  rest(): Promise<string>;
  destroy(): void;
}

export interface RawConnectionOptions {
  /** False: takes nothing of what the server sends, so that its reply gets stuck. */
  readonly isReading?: boolean;
}

export async function rawConnection(
  port: number,
  { isReading = true }: RawConnectionOptions = {},
): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1" });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const connection = new SocketConnection(socket);
  if (!isReading) socket.pause();
  return connection;
}

/** One request on its own connection; `head` has no blank line at its end. */
export async function exchange(
  port: number,
  head: string,
  body = "",
): Promise<{ readonly head: string; readonly status: number; readonly body: string }> {
  const connection = await rawConnection(port);
  connection.write(`${head}Connection: close\r\n\r\n${body}`);
  const reply = await connection.rest();
  const end = reply.indexOf("\r\n\r\n");
  return { head: reply.slice(0, end), status: Number(reply.split(" ", 2)[1]), body: reply.slice(end + 4) };
}

class SocketConnection implements RawConnection {
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #received = "";
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.#received += chunk.toString("latin1");
      this.#wake();
    });
    this.#closed = new Promise((resolve) => {
      socket.once("close", () => {
        resolve();
        this.#wake();
      });
    });
  }

  write(text: string): void {
    // Characters are bytes here, both ways.
    this.#socket.write(text, "latin1");
  }

  sent(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.write("", () => resolve());
    });
  }

  async head(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end >= 0) {
        const head = this.#received.slice(0, end);
        this.#received = "";
        return head;
      }
      if (this.#socket.destroyed) throw new Error("connection closed before a reply");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async rest(): Promise<string> {
    await this.#closed;
    return this.#received;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
