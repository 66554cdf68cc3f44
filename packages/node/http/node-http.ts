/** The proxy's HTTP server: `node:http`, which hands over the bodies of GET requests (design.md 2). */
import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse, validateHeaderValue } from "node:http";
import type { AddressInfo } from "node:net";
import { errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { silentLogger } from "@ais/base/log.ts";
import { BodyPace, DEFAULT_PACE } from "./body-pace.ts";
import { checkedStream, emptyStream, parseContentLength, readWhole, tooLarge } from "./body-reader.ts";
import { bodySizeBytes } from "./body-size.ts";
import { openConnectionWatch } from "./connection-watch.ts";
import { drainBody } from "./drain-body.ts";
import { peerOf } from "./tcp-sockets.ts";
import {
  DEFAULT_CONNECTION_COUNT,
  DEFAULT_HEAD_TIME_MS,
  type HttpReply,
  type HttpRequest,
  type HttpServer,
  type HttpServerOptions,
  type ReplyOutcome,
} from "./types.ts";

/** How often the runtime looks for clients that take too long to send a head. */
const HEAD_LOOK_MS = 1_000;
const STOP_POLL_MS = 5;
const OVERLOADED_HEADERS = { Connection: "close", "Retry-After": "1", "Content-Length": "0" } as const;
const PLAIN_HEADER_VALUE = /^[\x20-\x7e]*$/;
const STATUS_WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

export async function startNodeHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const logger = options.logger ?? silentLogger;
  const headTimeMs = options.headTimeMs ?? DEFAULT_HEAD_TIME_MS;
  const server = createServer({
    keepAliveTimeout: options.idleTimeoutMs,
    headersTimeout: headTimeMs,
    connectionsCheckingInterval: HEAD_LOOK_MS,
    // Objects may take hours to arrive: only their heads have a time limit.
    requestTimeout: 0,
  });
  const pace = options.pace ?? DEFAULT_PACE;
  const bodies = new BodyPace(pace);
  const inFlight = new Set<IncomingMessage>();
  const slow = new Set<string>();
  const accept = (native: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void => {
    inFlight.add(native);
    response.once("close", () => inFlight.delete(native));
    try {
      const late = serve(native, response, awaitsContinue);
      if (late !== null) late.catch((error: unknown) => fail(response, error));
    } catch (error) {
      fail(response, error);
    }
  };
  const fail = (response: ServerResponse, error: unknown): void => {
    logger.log("error", "failed to send a reply", { error: errorText(error) });
    endFailed(response);
  };
  server.on("request", (native, response) => accept(native, response, false));
  // A client that asks first is told to send its body only by who reads it: a redirected PUT is then sent once, not twice.
  server.on("checkContinue", (native, response) => accept(native, response, true));
  /** Null when the reply was there at once. */
  function serve(
    native: IncomingMessage,
    response: ServerResponse,
    awaitsContinue: boolean,
  ): Promise<void> | null {
    // A client that breaks off makes both emit errors, which the reading and the outcome tell already.
    native.on("error", ignore);
    response.on("error", ignore);
    if (!hasClearFraming(native)) {
      response.writeHead(400, { Connection: "close", "Content-Length": "0" }).end();
      return null;
    }
    if (connections?.isOverloaded) {
      options.onLimit?.("connections");
      response.writeHead(503, OVERLOADED_HEADERS).end();
      return null;
    }
    const request = new NodeRequest(native, response, awaitsContinue, bodies);
    const peer = peerOfSocket(native);
    const goneOutcome = (): ReplyOutcome => (slow.delete(peer) ? "too_slow" : "client_closed");
    return answer(options.handler(request), (reply) =>
      send(native, response, reply, request.awaitsContinue, goneOutcome),
    );
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.hostname, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const connections = openConnectionWatch({
    port,
    pace,
    // The runtime's own look answers 408; this one is for what it does not see.
    headTimeMs: 2 * headTimeMs,
    connectionCount: options.connectionCount ?? DEFAULT_CONNECTION_COUNT,
    busyPeers: () => new Set([...inFlight].map(peerOfSocket)),
    onLimit: (limit, peer) => {
      if (limit === "reply_rate" && [...inFlight].some((native) => peerOfSocket(native) === peer))
        slow.add(peer);
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
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const deadline = performance.now() + deadlineMs;
      while (inFlight.size > 0 && performance.now() < deadline) await sleep(STOP_POLL_MS);
      server.closeAllConnections();
      connections?.close();
      bodies.stop();
      await closed;
    },
  };
}

function ignore(): void {}

/** Null when the reply is there at once. */
function answer(
  reply: HttpReply | Promise<HttpReply>,
  send: (reply: HttpReply) => void,
): Promise<void> | null {
  if (reply instanceof Promise) return reply.then(send);
  send(reply);
  return null;
}

class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly contentLengthBytes: number | null;
  readonly #native: IncomingMessage;
  readonly #response: ServerResponse;
  #abort: AbortController | null = null;
  #awaitsContinue: boolean;
  readonly #pace: BodyPace;

  constructor(native: IncomingMessage, response: ServerResponse, awaitsContinue: boolean, pace: BodyPace) {
    this.#native = native;
    this.#pace = pace;
    this.#response = response;
    this.#awaitsContinue = awaitsContinue;
    this.method = native.method ?? "GET";
    const { path, query } = partTarget(native.url ?? "/");
    this.rawPath = path;
    this.rawQuery = query;
    this.contentLengthBytes = parseContentLength(this.header("content-length"));
  }

  /** The client holds its body back until it is told that it is wanted. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue;
  }

  get remoteAddress(): string {
    return this.#native.socket.remoteAddress ?? "";
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.#response.destroyed && !this.#response.writableFinished) abort.abort();
      this.#response.once("close", () => {
        if (!this.#response.writableFinished) abort.abort();
      });
    }
    return this.#abort.signal;
  }

  header(name: string): string | null {
    const value = this.#native.headers[name];
    return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
  }

  headerLines(name: string): readonly string[] {
    const { rawHeaders } = this.#native;
    const lines: string[] = [];
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      if (rawHeaders[at]?.toLowerCase() === name) lines.push(rawHeaders[at + 1] ?? "");
    }
    return lines;
  }

  async bytes(limitBytes: number): Promise<Uint8Array> {
    if (this.contentLengthBytes !== null && this.contentLengthBytes > limitBytes) throw tooLarge(limitBytes);
    return readWhole(this.stream(), limitBytes);
  }

  stream(): ReadableStream<Uint8Array> {
    const isChunked = this.header("transfer-encoding") !== null;
    if (!isChunked && (this.contentLengthBytes ?? 0) === 0) return emptyStream();
    if (this.#awaitsContinue) this.#response.writeContinue();
    this.#awaitsContinue = false;
    const chunks: AsyncIterator<Uint8Array> = this.#native.iterator({ destroyOnReturn: false });
    return checkedStream(
      {
        read: async () => {
          const { done = false, value } = await chunks.next();
          return { done, value };
        },
        cancel: async () => {
          await chunks.return?.();
        },
      },
      this.contentLengthBytes,
      this.#pace,
    );
  }
}

function peerOfSocket({ socket }: IncomingMessage): string {
  return peerOf(socket.remoteAddress ?? "", socket.remotePort ?? 0);
}

/**
 * The runtime takes a body in a coding that it does not know for no body, and its bytes for the next request. What another
 * server before this one takes them for would be a guess (RFC 9112, 6.3), so such a connection ends.
 */
function hasClearFraming({ headers }: IncomingMessage): boolean {
  const coding = headers["transfer-encoding"];
  return coding === undefined || coding.toLowerCase() === "chunked";
}

function hasBody({ headers }: IncomingMessage): boolean {
  const lengthText = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (lengthText !== undefined && lengthText !== "0");
}

/** The target of a request line: a path, or an absolute URL as proxies send it. */
function partTarget(target: string): { readonly path: string; readonly query: string } {
  const scheme = target.startsWith("/") ? -1 : target.indexOf("://");
  const pathAt = scheme < 0 ? 0 : target.indexOf("/", scheme + 3);
  const local = pathAt < 0 ? "/" : target.slice(pathAt);
  const queryAt = local.indexOf("?");
  return queryAt < 0
    ? { path: local, query: "" }
    : { path: local.slice(0, queryAt), query: local.slice(queryAt + 1) };
}

function send(
  native: IncomingMessage,
  response: ServerResponse,
  reply: HttpReply,
  awaitsContinue: boolean,
  goneOutcome: () => ReplyOutcome,
): void {
  const { body, onDone } = reply;
  let outcome: ReplyOutcome | null = null;
  const done = (result: ReplyOutcome): void => {
    if (outcome !== null) return;
    outcome = result;
    onDone?.(result);
  };
  if (response.destroyed) {
    done("client_closed");
    return;
  }
  response.once("finish", () => {
    done("sent");
    if (!awaitsContinue && hasBody(native)) drainBody(native);
  });
  response.once("close", () => {
    if (outcome === null) done(goneOutcome());
  });
  const headers = headersOf(native, reply);
  // Whether such a client sends its body after all is its choice, so nothing after it on the connection can be trusted.
  if (awaitsContinue) headers["Connection"] = "close";
  try {
    checkHeaders(headers);
  } catch (error) {
    done("io_error");
    throw error;
  }
  if (body === null || typeof body === "string" || body instanceof Uint8Array) {
    response.writeHead(reply.status, headers).end(body ?? undefined);
    return;
  }
  if (body.kind === "stream") {
    response.writeHead(reply.status, headers);
    void sendStream(response, body.stream, () => done("io_error"));
    return;
  }
  if (body.lengthBytes === 0) {
    response.writeHead(reply.status, headers).end();
    return;
  }
  sendFile(response, headers, reply.status, body, () => done("io_error"));
}

type FileBody = Extract<HttpReply["body"], { readonly kind: "file" }>;

/** With back-pressure. The source is cancelled when the client goes; it may end the connection by failing. */
async function sendStream(
  response: ServerResponse,
  stream: ReadableStream<Uint8Array>,
  onError: () => void,
): Promise<void> {
  const reader = stream.getReader();
  // A source that fails while it is given up has nobody left to tell.
  response.once("close", () => reader.cancel().catch(() => {}));
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (!response.write(next.value)) await drained(response);
    }
    response.end();
  } catch {
    onError();
    response.destroy();
  }
}

/** Resolves when there is room again, or nobody to send to any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
    if (response.destroyed) done();
  });
}

/** The head waits until the file is open: one that vanished is answered 500, not promised. */
function sendFile(
  response: ServerResponse,
  headers: Record<string, string | string[]>,
  status: number,
  body: FileBody,
  onError: () => void,
): void {
  const file = createReadStream(body.path, {
    start: body.offsetBytes,
    end: body.offsetBytes + body.lengthBytes - 1,
  });
  file.once("open", () => {
    response.writeHead(status, headers);
    file.pipe(response);
  });
  file.once("error", () => {
    onError();
    endFailed(response);
  });
  response.once("close", () => file.destroy());
}

/** A connection that just closes makes clients try again, so the failure is said as long as it can be. */
function endFailed(response: ServerResponse): void {
  if (response.headersSent) response.destroy();
  else response.writeHead(500, { "Content-Length": "0" }).end();
}

function checkHeader(name: string, value: string): void {
  // The library's own check takes longer than all the rest of a head.
  if (!PLAIN_HEADER_VALUE.test(value)) validateHeaderValue(name, value);
}

/** Before anything is sent: a head that cannot go out must not be half out. */
function checkHeaders(headers: Record<string, string | string[]>): void {
  for (const name in headers) {
    const values = headers[name] ?? "";
    if (typeof values === "string") checkHeader(name, values);
    else for (const value of values) checkHeader(name, value);
  }
}

function headersOf(native: IncomingMessage, reply: HttpReply): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of reply.headers) {
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else headers[name] = Array.isArray(known) ? [...known, value] : [known, value];
  }
  const lengthBytes = reply.announcedLengthBytes ?? bodySizeBytes(reply);
  const isSilent = STATUS_WITHOUT_BODY.has(reply.status) || (native.method === "HEAD" && lengthBytes === 0);
  if (isStream(reply)) return headers;
  if (!isSilent || reply.announcedLengthBytes !== undefined) headers["Content-Length"] = String(lengthBytes);
  return headers;
}

function isStream({ body }: HttpReply): boolean {
  return body !== null && typeof body === "object" && "kind" in body && body.kind === "stream";
}
