/** Replies as Bun's `Response`s, and how each of them ended. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import type { BusyRequests } from "./busy-requests.ts";
import type { FileCloseWatch } from "./file-close-watch.ts";
import { observeStream } from "./observed-stream.ts";
import type { HttpReply, ReplyOutcome } from "./types.ts";

type FileBody = Extract<HttpReply["body"], { readonly kind: "file" }>;
type StreamBody = Extract<HttpReply["body"], { readonly kind: "stream" }>;
type HeaderPairs = [string, string][];

/**
 * Up to here Bun does not send from kernel to kernel either, but reads the file in the turn of the request. Done here it
 * costs no thread that closes it, and no watch that tells of that.
 */
const READ_MAX_BYTES = 64 * 1024;

export class BunResponder {
  readonly #watch: FileCloseWatch | null;
  readonly #busy: BusyRequests;
  /** A response copies its bytes, so one buffer does for all. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_MAX_BYTES);
  readonly #logger: Logger;

  /** Without a watch a file reply has ended when it is handed over. */
  constructor(watch: FileCloseWatch | null, busy: BusyRequests, logger: Logger) {
    this.#watch = watch;
    this.#busy = busy;
    this.#logger = logger;
  }

  /** A reply that was waited for: its client may have left meanwhile. */
  respond(native: Request, reply: HttpReply): Response {
    return this.#respond(native, reply, outcomeOf);
  }

  /** A reply within the turn of the event loop that brought the request, in which no news of its client can have come. */
  respondAtOnce(native: Request, reply: HttpReply): Response {
    return this.#respond(native, reply, sent);
  }

  #respond(native: Request, reply: HttpReply, outcomeNow: OutcomeNow): Response {
    const { body } = reply;
    try {
      if (isFileBody(body)) {
        if (body.lengthBytes > READ_MAX_BYTES) return this.#sendFile(native, reply, body);
        return this.#sendBytes(native, reply, this.#read(body), outcomeNow);
      }
      return isStreamBody(body)
        ? this.#sendStream(native, reply, body)
        : this.#sendBytes(native, reply, body, outcomeNow);
    } catch (error) {
      this.#logger.log("error", "failed to send a reply", { status: reply.status, error: errorText(error) });
      reply.onDone?.("io_error");
      return new Response(null, { status: 500 });
    }
  }

  #sendBytes(
    native: Request,
    reply: HttpReply,
    body: Exclude<HttpReply["body"], FileBody | StreamBody>,
    outcomeNow: OutcomeNow,
  ): Response {
    const { status, announcedLengthBytes } = reply;
    const response = new Response(body as string | Uint8Array<ArrayBuffer> | null, { status });
    addHeaders(response.headers, reply.headers, typeof body === "string");
    if (announcedLengthBytes !== undefined) {
      response.headers.append("Content-Length", String(announcedLengthBytes));
    }
    reply.onDone?.(outcomeNow(native));
    return response;
  }

  #sendStream(native: Request, { status, headers, onDone }: HttpReply, { stream }: StreamBody): Response {
    const busy = this.#busy;
    busy.add(native);
    const observed = observeStream(stream, native.signal, (outcome) => {
      busy.delete(native);
      onDone?.(busy.wasSlow(native) ? "too_slow" : outcome);
    });
    return new Response(observed, { status, headers: headers as HeaderPairs });
  }

  #read({ path, offsetBytes, lengthBytes }: FileBody): Uint8Array {
    const bytes = this.#readBuffer.subarray(0, lengthBytes);
    const descriptor = openQuietlySync(path);
    try {
      for (let at = 0; at < lengthBytes; ) {
        const count = readSync(descriptor, bytes, at, lengthBytes - at, offsetBytes + at);
        if (count === 0) throw new Error(`file "${path}" ended ${lengthBytes - at} bytes too early`);
        at += count;
      }
    } finally {
      closeSync(descriptor);
    }
    return bytes;
  }

  #sendFile(native: Request, reply: HttpReply, body: FileBody): Response {
    const { status, onDone } = reply;
    const { path, offsetBytes, lengthBytes } = body;
    const end = offsetBytes + lengthBytes;
    const { dev, ino } = body.identity ?? lookAt(path, end);
    const headers = withDisposition(reply.headers as HeaderPairs);
    const response = new Response(Bun.file(path).slice(offsetBytes, end), { status, headers });
    if (onDone === undefined) return response;
    const busy = this.#busy;
    const isWatched = this.#watch?.add({
      path,
      dev,
      ino,
      isClientGone: () => native.signal.aborted,
      // The abort of a client that left fires in the same turn of the event loop as the close, before or after it.
      onClose: () =>
        setImmediate(() => {
          busy.endSending(native);
          onDone(busy.wasSlow(native) ? "too_slow" : outcomeOf(native));
        }),
    });
    if (isWatched) busy.startSending(native);
    else onDone(outcomeOf(native));
    return response;
  }
}

/** As `openQuietly` (packages/storage): the close must not be taken for the end of another reply that sends the file. */
function openQuietlySync(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS") throw error;
    return openSync(path, "r");
  }
}

function lookAt(path: string, neededBytes: number): { readonly dev: number; readonly ino: number } {
  const stats = statSync(path);
  if (stats.size >= neededBytes) return stats;
  throw new Error(`file "${path}" has ${stats.size} bytes, needed are ${neededBytes}`);
}

type OutcomeNow = (native: Request) => ReplyOutcome;

function isFileBody(body: HttpReply["body"]): body is FileBody {
  return body !== null && typeof body === "object" && "kind" in body && body.kind === "file";
}

function isStreamBody(body: HttpReply["body"]): body is StreamBody {
  return body !== null && typeof body === "object" && "kind" in body && body.kind === "stream";
}

/**
 * One by one into the response's own headers: as pairs for its constructor they cost 0.6 us of CPU more for six of them.
 * A text brings a content type of its own, which the first one given replaces.
 */
function addHeaders(headers: Headers, lines: HttpReply["headers"], isText: boolean): void {
  for (const [name, value] of lines) {
    if (isText && name.toLowerCase() === "content-type") headers.set(name, value);
    else headers.append(name, value);
  }
}

function sent(): ReplyOutcome {
  return "sent";
}

function outcomeOf(native: Request): ReplyOutcome {
  return native.signal.aborted ? "client_closed" : "sent";
}

/** Without such a header Bun adds its own, which names the file. */
function withDisposition(headers: HeaderPairs): HeaderPairs {
  const has = headers.some(([name]) => name.toLowerCase() === "content-disposition");
  return has ? headers : [...headers, ["Content-Disposition", "inline"]];
}
