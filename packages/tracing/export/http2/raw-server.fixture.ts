/** A server that speaks HTTP/2 frame by frame, as well or badly as a test tells it to. */

import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { must } from "@ais/base/assert.ts";
import { ClientConnection } from "./client-connection.ts";
import { encodeFrame, encodeSettings, FLAG, FRAME, type Frame, FrameReader } from "./frames.ts";
import { encodeHeaders, type HeaderPair } from "./hpack.ts";

const PREFACE_BYTES = 24;

export class RawServer implements AsyncDisposable {
  readonly frames: Frame[] = [];
  readonly #server: Server;
  readonly #settings: readonly (readonly [number, number])[];
  #socket: Socket | null = null;
  #waiting: (() => void)[] = [];

  private constructor(settings: readonly (readonly [number, number])[]) {
    this.#settings = settings;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(settings: readonly (readonly [number, number])[] = []): Promise<RawServer> {
    const server = new RawServer(settings);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  connect(): Promise<ClientConnection> {
    const { port } = this.#server.address() as AddressInfo;
    return ClientConnection.connect({ host: "127.0.0.1", port, tls: null, timeoutMs: 5_000 });
  }

  /** Resolves with the first frame of the kind that is not looked at yet, when it has come. */
  async next(type: number): Promise<Frame> {
    for (;;) {
      const at = this.frames.findIndex((frame) => frame.type === type);
      if (at >= 0) return must(this.frames.splice(at, 1)[0], "it was found");
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Bodies of DATA frames, until the end of the stream. */
  async body(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (;;) {
      const { payload, flags } = await this.next(FRAME.data);
      pieces.push(payload);
      if ((flags & FLAG.endStream) !== 0) return Buffer.concat(pieces);
    }
  }

  send(...frames: readonly Buffer[]): void {
    must(this.#socket, "a client has connected").write(Buffer.concat(frames));
  }

  hangUp(): void {
    this.#socket?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.write(encodeSettings(this.#settings));
    const reader = new FrameReader();
    let prefaceLeft = PREFACE_BYTES;
    socket.on("data", (bytes: Buffer) => {
      const skipped = Math.min(prefaceLeft, bytes.length);
      prefaceLeft -= skipped;
      for (const frame of reader.read(bytes.subarray(skipped))) {
        this.frames.push({ ...frame, payload: Buffer.from(frame.payload) });
      }
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }
}

export function headersFrame(streamId: number, headers: readonly HeaderPair[], isEnd = false): Buffer {
  return encodeFrame(
    FRAME.headers,
    FLAG.endHeaders | (isEnd ? FLAG.endStream : 0),
    streamId,
    encodeHeaders(headers),
  );
}
