/** Serves in the main process what a worker relays. */

import { tooLarge } from "../http/body-reader.ts";
import type { HttpHandler, HttpReply, HttpRequest, ReplyOutcome } from "../http/types.ts";
import type { Channel } from "./channel.ts";
import type { RelayedBody, RelayedReply, RelayedRequest, ToMain, ToWorker } from "./protocol.ts";

interface Served {
  readonly abort: AbortController;
  onDone: (outcome: ReplyOutcome) => void;
}

/** Of one worker process. */
export class RelayService {
  readonly #handler: HttpHandler;
  readonly #channel: () => Channel<ToWorker, ToMain>;
  readonly #served = new Map<number, Served>();

  constructor(handler: HttpHandler, channel: () => Channel<ToWorker, ToMain>) {
    this.#handler = handler;
    this.#channel = channel;
  }

  async serve(relayed: RelayedRequest): Promise<RelayedReply> {
    const served: Served = { abort: new AbortController(), onDone: () => {} };
    this.#served.set(relayed.relay, served);
    const reply = await this.#handler(new RelayedHttpRequest(relayed, served.abort.signal));
    served.onDone = (outcome) => reply.onDone?.(outcome);
    const { status, headers, announcedLengthBytes } = reply;
    return {
      status,
      headers,
      body: this.#bodyOf(relayed.relay, reply),
      ...(announcedLengthBytes === undefined ? {} : { announcedLengthBytes }),
    };
  }

  gone(relay: number): void {
    this.#served.get(relay)?.abort.abort();
  }

  done(relay: number, outcome: ReplyOutcome): void {
    const served = this.#served.get(relay);
    this.#served.delete(relay);
    served?.onDone(outcome);
  }

  /** The worker has ended, and its connections with it. */
  end(): void {
    for (const [relay, { abort }] of [...this.#served]) {
      abort.abort();
      this.done(relay, "client_closed");
    }
  }

  #bodyOf(relay: number, { body }: HttpReply): RelayedBody {
    if (body === null) return { kind: "none" };
    if (typeof body === "string" || body instanceof Uint8Array) return { kind: "whole", content: body };
    if (body.kind === "file") throw new Error("objects are not relayed");
    void this.#pump(relay, body.stream);
    return { kind: "pieces" };
  }

  async #pump(relay: number, stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader();
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const isWanted = await this.#channel().ask("relayPiece", { relay, bytes: next.value });
        if (!isWanted) break;
      }
      this.#channel().tell("relayPiece", { relay, bytes: null });
    } catch {
      // The worker has ended, or the source of the reply has failed: the end of the stream tells the client.
      this.#channel().tell("relayPiece", { relay, bytes: null });
    }
    await reader.cancel().catch(() => {});
  }
}

class RelayedHttpRequest implements HttpRequest {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly remoteAddress: string;
  readonly signal: AbortSignal;
  readonly #headers: RelayedRequest["headers"];
  readonly #body: Uint8Array;

  constructor(relayed: RelayedRequest, signal: AbortSignal) {
    this.method = relayed.method;
    this.rawPath = relayed.rawPath;
    this.rawQuery = relayed.rawQuery;
    this.remoteAddress = relayed.remoteAddress;
    this.signal = signal;
    this.#headers = relayed.headers;
    this.#body = relayed.body;
  }

  get contentLengthBytes(): number | null {
    return this.header("content-length") === null ? null : this.#body.byteLength;
  }

  header(name: string): string | null {
    const lines = this.headerLines(name);
    return lines.length === 0 ? null : lines.join(", ");
  }

  headerLines(name: string): readonly string[] {
    return this.#headers.flatMap(([known, value]) => (known.toLowerCase() === name ? [value] : []));
  }

  allHeaders(): readonly (readonly [string, string])[] {
    return this.#headers;
  }

  async bytes(limitBytes: number): Promise<Uint8Array> {
    if (this.#body.byteLength > limitBytes) throw tooLarge(limitBytes);
    return this.#body;
  }

  stream(): ReadableStream<Uint8Array> {
    return new Blob([this.#body as Uint8Array<ArrayBuffer>]).stream();
  }
}
