/** Replies as Bun's `Response`s, and how each of them ended. */
import { statSync } from "node:fs";
import { errorText } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import type { FileCloseWatch } from "./file-close-watch.ts";
import type { HttpReply, ReplyOutcome } from "./types.ts";

type FileBody = Extract<HttpReply["body"], { readonly kind: "file" }>;
type HeaderPairs = [string, string][];

export class BunResponder {
  readonly #watch: FileCloseWatch | null;
  readonly #logger: Logger;

  /** Without a watch a file reply has ended when it is handed over. */
  constructor(watch: FileCloseWatch | null, logger: Logger) {
    this.#watch = watch;
    this.#logger = logger;
  }

  respond(native: Request, reply: HttpReply): Response {
    const { body } = reply;
    try {
      return body !== null && typeof body === "object" && "kind" in body
        ? this.#sendFile(native, reply, body)
        : this.#sendBytes(native, reply, body);
    } catch (error) {
      this.#logger.log("error", "failed to send a reply", { status: reply.status, error: errorText(error) });
      reply.onDone?.("io_error");
      return new Response(null, { status: 500 });
    }
  }

  #sendBytes(native: Request, reply: HttpReply, body: Exclude<HttpReply["body"], FileBody>): Response {
    const { status, announcedLengthBytes } = reply;
    // Bun copies the pairs.
    let headers = reply.headers as HeaderPairs;
    if (announcedLengthBytes !== undefined) {
      headers = [...headers, ["Content-Length", String(announcedLengthBytes)]];
    }
    const response = new Response(body as string | Uint8Array<ArrayBuffer> | null, { status, headers });
    reply.onDone?.(outcomeOf(native));
    return response;
  }

  #sendFile(native: Request, reply: HttpReply, { path, offsetBytes, lengthBytes }: FileBody): Response {
    const { status, onDone } = reply;
    const end = offsetBytes + lengthBytes;
    const { dev, ino, size } = statSync(path);
    if (size < end) throw new Error(`file "${path}" has ${size} bytes, needed are ${end}`);
    const headers = withDisposition(reply.headers as HeaderPairs);
    const response = new Response(Bun.file(path).slice(offsetBytes, end), { status, headers });
    if (onDone === undefined) return response;
    const isWatched = this.#watch?.add({
      path,
      dev,
      ino,
      isClientGone: () => native.signal.aborted,
      // The abort of a client that left fires in the same turn of the event loop as the close, before or after it.
      onClose: () => setImmediate(() => onDone(outcomeOf(native))),
    });
    if (!isWatched) onDone(outcomeOf(native));
    return response;
  }
}

function outcomeOf(native: Request): ReplyOutcome {
  return native.signal.aborted ? "client_closed" : "sent";
}

/** Without such a header Bun adds its own, which names the file. */
function withDisposition(headers: HeaderPairs): HeaderPairs {
  const has = headers.some(([name]) => name.toLowerCase() === "content-disposition");
  return has ? headers : [...headers, ["Content-Disposition", "inline"]];
}
