/** HTTP over `node:http`, for Node and Bun: bodies with GET, visible redirects, streams with back-pressure, keep-alive. */
import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  ConnectionError,
  type RequestBody,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from "./transport.ts";

export interface NodeTransportOptions {
  /** Idle connections kept per host. */
  readonly idleConnectionsMax?: number;
  /** Accept any certificate of an HTTPS endpoint. */
  readonly skipVerify?: boolean;
}

export class NodeTransport implements Transport {
  readonly sendsBodyWithGet = true;
  readonly showsRedirects = true;
  readonly #http: http.Agent;
  readonly #https: https.Agent;

  constructor(options: NodeTransportOptions = {}) {
    const agentOptions = { keepAlive: true, maxFreeSockets: options.idleConnectionsMax ?? 32 };
    this.#http = new http.Agent(agentOptions);
    this.#https = new https.Agent({ ...agentOptions, rejectUnauthorized: options.skipVerify !== true });
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const secure = request.url.startsWith("https:");
      const outgoing = (secure ? https : http).request(request.url, {
        method: request.method,
        headers: { ...request.headers, ...lengthHeaders(request) },
        agent: secure ? this.#https : this.#http,
        ...(request.signal === null ? {} : { signal: request.signal }),
      });
      // What the caller's own stream failed with: no fault of the connection.
      let sourceError: unknown;
      const fail = (cause: unknown) => reject(sourceError ?? connectionError(request, cause));
      outgoing.once("response", (incoming) => resolve(new NodeResponse(incoming, request.url)));
      outgoing.on("error", fail);
      const onSourceError = (error: unknown) => {
        sourceError = error;
      };
      writeBody(outgoing, request.body, onSourceError).catch((cause) => {
        outgoing.destroy();
        // Too late to matter when the reply is in: a server may answer before it has read everything.
        fail(cause);
      });
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

class NodeResponse implements TransportResponse {
  readonly status: number;
  readonly url: string;
  readonly #incoming: http.IncomingMessage;
  #body: ReadableStream<Uint8Array> | null = null;

  constructor(incoming: http.IncomingMessage, url: string) {
    this.status = incoming.statusCode ?? 0;
    this.url = url;
    this.#incoming = incoming;
  }

  get body(): ReadableStream<Uint8Array> {
    this.#body ??= Readable.toWeb(this.#incoming) as ReadableStream<Uint8Array>;
    return this.#body;
  }

  header(name: string): string | null {
    const value = this.#incoming.headers[name];
    return value === undefined ? null : Array.isArray(value) ? (value[0] ?? null) : value;
  }

  headerLines(name: string): readonly string[] {
    const { rawHeaders } = this.#incoming;
    const lines: string[] = [];
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const value = rawHeaders[index + 1];
      if (value !== undefined && rawHeaders[index]?.toLowerCase() === name) lines.push(value);
    }
    return lines;
  }
}

function lengthHeaders(request: TransportRequest): Record<string, string> {
  const { body } = request;
  // A body-less PUT or POST announces its emptiness: some servers answer 411 otherwise.
  if (body === null)
    return ["PUT", "POST", "PATCH"].includes(request.method) ? { "content-length": "0" } : {};
  if (typeof body === "string") return { "content-length": String(new TextEncoder().encode(body).length) };
  if (body instanceof Uint8Array) return { "content-length": String(body.length) };
  if (body instanceof Blob) return { "content-length": String(body.size) };
  return body.lengthBytes === null ? {} : { "content-length": String(body.lengthBytes) };
}

async function writeBody(
  outgoing: http.ClientRequest,
  body: RequestBody,
  onSourceError: (error: unknown) => void,
): Promise<void> {
  if (body === null) {
    outgoing.end();
  } else if (typeof body === "string" || body instanceof Uint8Array) {
    outgoing.end(body);
  } else {
    await pipeline(chunks(body instanceof Blob ? body.stream() : body.stream, onSourceError), outgoing);
  }
}

async function* chunks(
  stream: ReadableStream<Uint8Array>,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        onError(error);
        throw error;
      });
      if (done) return;
      yield value;
    }
  } finally {
    // Closes the source of an upload that ended early; after its end there is nothing left to cancel.
    reader.cancel().catch(() => {});
  }
}

function connectionError(request: TransportRequest, cause: unknown): unknown {
  if (request.signal?.aborted === true) return request.signal.reason;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new ConnectionError(request.url, code, cause);
}
