/** The target's HTTP server: `Bun.serve`, which sends files from kernel to kernel (design.md 2). */
import { errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { silentLogger } from "@ais/base/log.ts";
import {
  checkedStream,
  emptyStream,
  parseContentLength,
  readWhole,
  shortBody,
  tooLarge,
} from "./body-reader.ts";
import { BunResponder } from "./bun-responder.ts";
import { openFileCloseWatch } from "./file-close-watch.ts";
import { partJoinedHeader } from "./joined-header.ts";
import type { HttpRequest, HttpServer, HttpServerOptions } from "./types.ts";

/** Bun takes at most this. */
const IDLE_TIMEOUT_MAX_S = 255;
const STOP_POLL_MS = 5;

type BunServer = Bun.Server<undefined>;

export async function startBunServer(options: HttpServerOptions): Promise<HttpServer> {
  const logger = options.logger ?? silentLogger;
  const watch = openFileCloseWatch({ logger });
  const responder = new BunResponder(watch, logger);
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
    fetch(native, bunServer) {
      const reply = options.handler(new BunRequest(native, bunServer));
      return reply instanceof Promise
        ? reply.then((late) => responder.respond(native, late))
        : responder.respondAtOnce(native, reply);
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
  readonly #native: Request;
  readonly #server: BunServer;

  constructor(native: Request, server: BunServer) {
    this.#native = native;
    this.#server = server;
    this.method = native.method;
    const { path, query } = partUrl(native.url);
    this.rawPath = path;
    this.rawQuery = query;
  }

  get contentLengthBytes(): number | null {
    return parseContentLength(this.#native.headers.get("content-length"));
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
