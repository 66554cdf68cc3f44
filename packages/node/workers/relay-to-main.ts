/**
 * Requests that a worker hands to the main process: those about the node and the cluster. They are few and small, and have
 * one answer whichever process was asked. The worker is only the connection to the client: the request's span, metrics and
 * log line are the main process's.
 */
import { errorReply, toAisError } from "../error-reply.ts";
import type { NodeFacts } from "../facts.ts";
import type { HttpHandler, HttpReply, HttpRequest, ReplyOutcome } from "../http/types.ts";
import type { Channel } from "./channel.ts";
import type { RelayedReply, ToMain, ToWorker } from "./protocol.ts";

/** The largest body that any of these requests may have. */
const BODY_MAX_BYTES = 4 * 1024 * 1024;
/** Pieces of a reply on their way to the client. */
const QUEUED_PIECES_MAX = 4;

type Writer = WritableStreamDefaultWriter<Uint8Array>;

export class RelayToMain {
  readonly handler: HttpHandler;
  readonly #channel: Channel<ToMain, ToWorker>;
  readonly #writers = new Map<number, Writer>();
  #nextRelay = 1;

  constructor(channel: Channel<ToMain, ToWorker>, facts: NodeFacts) {
    this.#channel = channel;
    this.handler = async (request) => {
      try {
        return await this.#relay(request);
      } catch (error) {
        return errorReply(toAisError(error), request, facts);
      }
    };
  }

  /** The next piece of a reply, null at its end. False when nobody reads it any more. */
  async piece(relay: number, bytes: Uint8Array | null): Promise<boolean> {
    const writer = this.#writers.get(relay);
    if (writer === undefined) return false;
    if (bytes === null) {
      writer.close().catch(() => {});
      return true;
    }
    await writer.ready.catch(() => {});
    writer.write(bytes).catch(() => {});
    return this.#writers.has(relay);
  }

  async #relay(request: HttpRequest): Promise<HttpReply> {
    const { method, rawPath, rawQuery, remoteAddress, signal } = request;
    const body = await request.bytes(BODY_MAX_BYTES);
    const relay = this.#nextRelay++;
    const onGone = (): void => this.#channel.tell("relayGone", relay);
    signal.addEventListener("abort", onGone, { once: true });
    const stream = this.#receive(relay);
    let reply: RelayedReply;
    try {
      const headers = request.allHeaders();
      reply = await this.#channel.ask("relay", {
        ...{ relay, method, rawPath, rawQuery, headers, remoteAddress, body },
      });
    } catch (error) {
      signal.removeEventListener("abort", onGone);
      this.#writers.delete(relay);
      throw error;
    }
    if (reply.body.kind !== "pieces") this.#writers.delete(relay);
    return {
      status: reply.status,
      headers: reply.headers,
      body: bodyOf(reply, stream),
      ...(reply.announcedLengthBytes === undefined
        ? {}
        : { announcedLengthBytes: reply.announcedLengthBytes }),
      onDone: (outcome: ReplyOutcome) => {
        signal.removeEventListener("abort", onGone);
        this.#writers.delete(relay);
        this.#channel.tell("relayDone", { relay, outcome });
      },
    };
  }

  #receive(relay: number): ReadableStream<Uint8Array> {
    const pipe = new TransformStream<Uint8Array, Uint8Array>(
      undefined,
      { highWaterMark: QUEUED_PIECES_MAX },
      { highWaterMark: 0 },
    );
    const writer = pipe.writable.getWriter();
    this.#writers.set(relay, writer);
    const forget = (): void => {
      this.#writers.delete(relay);
    };
    writer.closed.then(forget, forget);
    return pipe.readable;
  }
}

function bodyOf({ body }: RelayedReply, stream: ReadableStream<Uint8Array>): HttpReply["body"] {
  switch (body.kind) {
    case "none":
      return null;
    case "whole":
      return body.content;
    case "pieces":
      return { kind: "stream", stream };
  }
}
