/** The target's HTTP server: `Bun.serve`, which sends files from kernel to kernel (design.md 2). */
import { errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { silentLogger } from "@ais/base/log.ts";
import { BodyPace, DEFAULT_PACE } from "./body-pace.ts";
import {
  checkedStream,
  emptyStream,
  pacedWhole,
  parseContentLength,
  readWhole,
  tooLarge,
} from "./body-reader.ts";
import { BunResponder } from "./bun-responder.ts";
import { BusyRequests } from "./busy-requests.ts";
import { openConnectionWatch } from "./connection-watch.ts";
import { openFileCloseWatch } from "./file-close-watch.ts";
import { partJoinedHeader } from "./joined-header.ts";
import {
  DEFAULT_CONNECTION_COUNT,
  DEFAULT_HEAD_TIME_MS,
  type HttpRequest,
  type HttpServer,
  type HttpServerOptions,
} from "./types.ts";

/** Bun takes at most this. */
const IDLE_TIMEOUT_MAX_S = 255;
const STOP_POLL_MS = 5;
/** Larger bodies are paced piece by piece. */
const WHOLE_MAX_BYTES = 64 * 1024;
const NO_BODY = Promise.resolve(new Uint8Array(0));

type BunServer = Bun.Server<undefined>;

export async function startBunServer(options: HttpServerOptions): Promise<HttpServer> {
  const logger = options.logger ?? silentLogger;
  const watch = openFileCloseWatch({ logger });
  const pace = options.pace ?? DEFAULT_PACE;
  const bodies = new BodyPace(pace);
  const busy = new BusyRequests();
  const responder = new BunResponder(watch, busy, logger);
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
      if (connections?.isOverloaded) return refuseConnection(options);
      const reply = options.handler(new BunRequest(native, bunServer, bodies));
      if (!(reply instanceof Promise)) return responder.respondAtOnce(native, reply);
      busy.add(native);
      return reply.then((late) => {
        busy.delete(native);
        return responder.respond(native, late);
      });
    },
  });
  const port = server.port ?? options.port;
  const connections = openConnectionWatch({
    port,
    pace,
    headTimeMs: options.headTimeMs ?? DEFAULT_HEAD_TIME_MS,
    connectionCount: options.connectionCount ?? DEFAULT_CONNECTION_COUNT,
    busyPeers: () => busy.peers(server),
    onLimit: (limit, peer) => {
      if (limit === "reply_rate") busy.markSlow(server, peer);
      options.onLimit?.(limit);
    },
    logger,
  });
  return {
    port,
    get connections() {
      return connections?.count ?? 0;
    },
    async stop(deadlineMs) {
      void server.stop();
      const deadline = performance.now() + deadlineMs;
      const busy = (): boolean => server.pendingRequests > 0 || (watch?.size ?? 0) > 0;
      while (busy() && performance.now() < deadline) await sleep(STOP_POLL_MS);
      await server.stop(true);
      watch?.close();
      connections?.close();
      bodies.stop();
    },
  };
}

/** All connections are busy and too many: this one is to end, too. */
function refuseConnection({ onLimit }: HttpServerOptions): Response {
  onLimit?.("connections");
  return new Response(null, { status: 503, headers: { "Retry-After": "1", Connection: "close" } });
}

class BunRequest implements HttpRequest {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly #native: Request;
  readonly #server: BunServer;
  readonly #pace: BodyPace;

  constructor(native: Request, server: BunServer, pace: BodyPace) {
    this.#native = native;
    this.#pace = pace;
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

  bytes(limitBytes: number): Promise<Uint8Array> {
    const announcedBytes = this.contentLengthBytes;
    // Asked for before a stream is made of nothing: a DELETE has no body.
    if (announcedBytes === null && this.#native.body === null) return NO_BODY;
    if (announcedBytes !== null && announcedBytes > limitBytes) return Promise.reject(tooLarge(limitBytes));
    if (announcedBytes === null || announcedBytes > WHOLE_MAX_BYTES)
      return readWhole(this.stream(), limitBytes);
    return pacedWhole(this.#native.bytes(), announcedBytes, this.#pace);
  }

  stream(): ReadableStream<Uint8Array> {
    const { body } = this.#native;
    return body === null
      ? emptyStream()
      : checkedStream(body.getReader(), this.contentLengthBytes, this.#pace);
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
