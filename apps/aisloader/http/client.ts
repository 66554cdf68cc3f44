/** The requests of one worker: one connection to each origin, redirects followed with the body, as AIStore's clients do. */
import { HttpConnection, type RequestBody } from "./connection.ts";
import { type Origin, parseOrigin } from "./origin.ts";
import type { BodySink } from "./reply-reader.ts";
import { headerPattern, type ResponseHead } from "./response-head.ts";
import { TransportError } from "./transport-error.ts";

export interface HttpCall {
  readonly method: "GET" | "PUT";
  readonly origin: Origin;
  /** Path and query, percent-encoded. */
  readonly target: string;
  /** Lines `Name: value\r\n`, in Latin-1; without `Host` and `Content-Length`. */
  readonly headerLines: string;
  readonly body: RequestBody | null;
  /** Called for the reply that is no redirect; may be called again when a kept connection turns out to be gone. */
  onReply(head: ResponseHead): BodySink | null;
}

export interface HttpCounts {
  /** Connections established. */
  connections: number;
  redirects: number;
  /** Requests repeated because the peer had closed the connection that was kept from an earlier one. */
  repeats: number;
}

/** A proxy redirects once; more hops than this are a loop. */
const REDIRECTS_MAX = 5;
const LOCATION = headerPattern("location");
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 307, 308]);

export class HttpClient {
  readonly counts: HttpCounts = { connections: 0, redirects: 0, repeats: 0 };
  readonly #timeoutMs: number;
  readonly #connections = new Map<string, HttpConnection>();
  readonly #origins = new Map<string, Origin>();
  #active: HttpConnection | null = null;
  #stopped = false;

  /** `timeoutMs` is for one exchange with one server; infinite never ends it. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves with the head of the reply that is no redirect, when its body is in. Rejects with `TransportError`. */
  async send(call: HttpCall): Promise<ResponseHead> {
    let { origin, target } = call;
    for (let hops = 0; ; hops++) {
      const head = await this.#exchange(call, origin, target);
      const location = REDIRECT_STATUSES.has(head.status) ? head.header(LOCATION) : null;
      if (location === null) return head;
      if (hops === REDIRECTS_MAX)
        throw new TransportError("protocol", `more than ${REDIRECTS_MAX} redirects`);
      this.counts.redirects++;
      // Locations are absolute and percent-encoded; parsing them as URLs would fold names that have dots.
      const pathStart = location.startsWith("http://") ? location.indexOf("/", "http://".length) : 0;
      if (pathStart < 0 || location[pathStart] !== "/") {
        throw new TransportError("protocol", `cannot follow the redirect to "${location}"`);
      }
      if (pathStart > 0) origin = this.#origin(location.slice(0, pathStart));
      target = location.slice(pathStart);
    }
  }

  /** Ends an exchange that takes too long. Called now and then. */
  expire(nowMs: number): void {
    this.#active?.expire(nowMs - this.#timeoutMs, this.#timeoutMs);
  }

  /** Closes every connection; an exchange under way fails as interrupted, and so does every later one. */
  close(): void {
    this.#stopped = true;
    const error = new TransportError("interrupted", "the load was stopped");
    this.#active?.destroy(error);
    for (const connection of this.#connections.values()) connection.destroy(error);
    this.#connections.clear();
  }

  async #exchange(call: HttpCall, origin: Origin, target: string): Promise<ResponseHead> {
    const { method, body } = call;
    const length = method === "PUT" ? `Content-Length: ${body?.lengthBytes ?? 0}\r\n` : "";
    const exchange = {
      head: `${method} ${target} HTTP/1.1\r\nHost: ${origin.hostHeader}\r\n${call.headerLines}${length}\r\n`,
      body,
      onHead: (head: ResponseHead) =>
        REDIRECT_STATUSES.has(head.status) && head.header(LOCATION) !== null ? null : call.onReply(head),
    };
    const kept = this.#connections.get(origin.url);
    if (kept?.isOpen === true) {
      this.#active = kept;
      try {
        return await kept.exchange(exchange);
      } catch (error) {
        const stale = error instanceof TransportError && error.failure === "closed" && !kept.hasAnswered;
        if (!stale) throw error;
        this.counts.repeats++;
      }
    }
    return (await this.#connect(origin)).exchange(exchange);
  }

  async #connect(origin: Origin): Promise<HttpConnection> {
    const connection = await HttpConnection.open(origin, (opening) => {
      this.#active = opening;
      if (this.#stopped) opening.destroy(new TransportError("interrupted", "the load was stopped"));
    });
    this.counts.connections++;
    this.#connections.set(origin.url, connection);
    return connection;
  }

  #origin(url: string): Origin {
    let origin = this.#origins.get(url);
    if (origin === undefined) {
      origin = parseOrigin(url);
      this.#origins.set(url, origin);
    }
    return origin;
  }
}
