/** The target's HTTP server: `Bun.serve`, which sends files from kernel to kernel (design.md 2). */
import { statSync } from "node:fs";
import { errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { type Logger, silentLogger } from "@ais/base/log.ts";
import {
  checkedStream,
  emptyStream,
  parseContentLength,
  readWhole,
  shortBody,
  tooLarge,
} from "./body-reader.ts";
import { type FileCloseWatch, openFileCloseWatch } from "./file-close-watch.ts";
import { partJoinedHeader } from "./joined-header.ts";
import type { HttpReply, HttpRequest, HttpServer, HttpServerOptions, ReplyOutcome } from "./types.ts";

/** Bun takes at most this. */
const IDLE_TIMEOUT_MAX_S = 255;
const STOP_POLL_MS = 5;

type BunServer = Bun.Server<undefined>;

export async function startBunServer(options: HttpServerOptions): Promise<HttpServer> {
  const logger = options.logger ?? silentLogger;
  const watch = openFileCloseWatch({ logger });
  const server = Bun.serve({
    hostname: options.hostname,
    port: options.port,
    development: false,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: Math.min(IDLE_TIMEOUT_MAX_S, Math.ceil(options.idleTimeoutMs / 1000)),
    error(error) {
      logger.log("error", "failed to send a reply", { error: errorText(error) });
      return new Response(null, { status: 500 });
    },
    async fetch(native, bunServer) {
      const request = new BunRequest(native, bunServer);
      const reply = await options.handler(request);
      return toResponse(native, reply, watch, logger);
    },
  });
  return {
    port: server.port ?? options.port,
    async stop(deadlineMs) {
      void server.stop();
      const deadline = performance.now() + deadlineMs;
      const busy = (): boolean => server.pendingRequests > 0 || (watch?.size ?? 0) > 0;
      while (busy() && performance.now() < deadline) await sleep(STOP_POLL_MS);
      await server.stop(true);
      watch?.close();
    },
  };
}

class BunRequest implements HttpRequest {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly contentLengthBytes: number | null;
  readonly #native: Request;
  readonly #server: BunServer;

  constructor(native: Request, server: BunServer) {
    this.#native = native;
    this.#server = server;
    this.method = native.method;
    const { path, query } = partUrl(native.url);
    this.rawPath = path;
    this.rawQuery = query;
    this.contentLengthBytes = parseContentLength(native.headers.get("content-length"));
  }

  get remoteAddress(): string {
    return this.#server.requestIP(this.#native)?.address ?? "";
  }

  get signal(): AbortSignal {
    return this.#native.signal;
  }

  header(name: string): string | null {
    return this.#native.headers.get(name);
  }

  headerLines(name: string): readonly string[] {
    return partJoinedHeader(this.#native.headers.get(name));
  }

  async bytes(limitBytes: number): Promise<Uint8Array> {
    const announcedBytes = this.contentLengthBytes;
    if (announcedBytes === null) return readWhole(this.stream(), limitBytes);
    if (announcedBytes > limitBytes) throw tooLarge(limitBytes);
    try {
      return await this.#native.bytes();
    } catch {
      throw shortBody(0, announcedBytes);
    }
  }

  stream(): ReadableStream<Uint8Array> {
    const { body } = this.#native;
    return body === null ? emptyStream() : checkedStream(body.getReader(), this.contentLengthBytes);
  }
}

/** Bun's URL is absolute, or a bare path when the client named no host. */
function partUrl(url: string): { readonly path: string; readonly query: string } {
  const pathAt = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("://") + 3);
  const hashAt = url.indexOf("#", pathAt);
  const end = hashAt < 0 ? url.length : hashAt;
  const queryAt = url.indexOf("?", pathAt);
  if (queryAt < 0 || queryAt > end) return { path: url.slice(pathAt, end), query: "" };
  return { path: url.slice(pathAt, queryAt), query: url.slice(queryAt + 1, end) };
}

function toResponse(
  native: Request,
  reply: HttpReply,
  watch: FileCloseWatch | null,
  logger: Logger,
): Response {
  const { body } = reply;
  if (body !== null && typeof body === "object" && !(body instanceof Uint8Array)) {
    return fileResponse(native, reply, body, watch, logger);
  }
  const headers = reply.headers.map(toNativeHeader);
  if (reply.announcedLengthBytes !== undefined) {
    headers.push(["Content-Length", String(reply.announcedLengthBytes)]);
  }
  reply.onDone?.(native.signal.aborted ? "client_closed" : "sent");
  return new Response(body as Uint8Array<ArrayBuffer> | string | null, { status: reply.status, headers });
}

type FileBody = Extract<HttpReply["body"], { readonly kind: "file" }>;

function fileResponse(
  native: Request,
  reply: HttpReply,
  body: FileBody,
  watch: FileCloseWatch | null,
  logger: Logger,
): Response {
  const end = body.offsetBytes + body.lengthBytes;
  const stat = statSync(body.path, { throwIfNoEntry: false });
  if (stat === undefined || stat.size < end) {
    logger.log("error", "failed to send a file: it is missing or too short", { path: body.path });
    reply.onDone?.("io_error");
    return new Response(null, { status: 500 });
  }
  const outcome = (): ReplyOutcome => (native.signal.aborted ? "client_closed" : "sent");
  const { onDone } = reply;
  if (native.signal.aborted || (onDone !== undefined && watch === null)) onDone?.(outcome());
  else if (onDone !== undefined && watch !== null) {
    const watched = watch.add({
      path: body.path,
      dev: stat.dev,
      ino: stat.ino,
      isClientGone: () => native.signal.aborted,
      // The abort of a client that left fires in the same turn of the event loop as the close, before or after it.
      onClose: () => setImmediate(() => onDone(outcome())),
    });
    if (!watched) onDone(outcome());
  }
  const headers = reply.headers.map(toNativeHeader);
  // Without one Bun adds its own, which names the file.
  if (!headers.some(([name]) => name.toLowerCase() === "content-disposition")) {
    headers.push(["Content-Disposition", "inline"]);
  }
  return new Response(Bun.file(body.path).slice(body.offsetBytes, end), { status: reply.status, headers });
}

function toNativeHeader([name, value]: readonly [string, string]): [string, string] {
  return [name, value];
}
