/** Sends one call to the cluster: URL, redirects, waiting for a cluster that starts, errors. Knows no operation. */
import { sleep } from "@ais/base/lifecycle.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { decodeJson } from "@ais/wire/json.ts";
import { apiErrorFrom } from "./api-error.ts";
import { observedResponse, type RequestObserver } from "./observer.ts";
import {
  ConnectionError,
  type RequestBody,
  readText,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from "./transport.ts";

export interface CallerOptions {
  /** URL of any proxy; a path in it is ignored. */
  readonly endpoint: string;
  readonly transport: Transport;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly observer: RequestObserver | null;
  readonly startUpWait: StartUpWait | null;
}

/** A node that has not started yet answers 503 without a body (wire-compat 0.2): how long to put up with that. */
export interface StartUpWait {
  readonly retriesMax: number;
  readonly delayMs: number;
  /** Called before the first wait of a call. */
  readonly onWait: () => void;
}

export interface ApiCall {
  readonly method: string;
  /** Percent-encoded, begins with a slash. */
  readonly path: string;
  /** Undefined items are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal?: AbortSignal | undefined;
}

/** A proxy redirects once; more hops than this are a loop. */
const REDIRECTS_MAX = 5;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 307, 308]);

export class Caller {
  readonly #options: CallerOptions;
  readonly #origin: string;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#origin = new URL(options.endpoint).origin;
  }

  get origin(): string {
    return this.#origin;
  }

  get transport(): Transport {
    return this.#options.transport;
  }

  /** A 2xx response, after redirects. Throws `AisApiError` for any other status, `ConnectionError` without an answer. */
  async send(call: ApiCall): Promise<TransportResponse> {
    let response = await this.#sendOnce(call, this.#url(call), call.body ?? null);
    for (let hops = 0; isRedirect(response); hops++) {
      if (hops === REDIRECTS_MAX) throw await apiErrorFrom(call.method, response);
      response = await this.#sendOnce(call, await redirectTarget(response), call.body ?? null);
    }
    return accepted(call, response);
  }

  /**
   * For a call whose body is large or can be read only once: an empty request finds out where the data belongs, then the
   * data goes there (wire-compat 3.1, as the Python SDK does over HTTPS). A server that answers the empty request itself
   * gets the whole call again.
   */
  async sendToOwner(call: ApiCall): Promise<TransportResponse> {
    if (!this.#options.transport.showsRedirects) return this.send(call);
    let url = this.#url(call);
    const probe = await this.#sendOnce(call, url, null);
    if (isRedirect(probe)) url = await redirectTarget(probe);
    else await readText(await accepted(call, probe));
    return accepted(call, await this.#sendOnce(call, url, call.body ?? null));
  }

  async text(call: ApiCall): Promise<string> {
    return readText(await this.send(call));
  }

  async json(call: ApiCall): Promise<unknown> {
    return decodeJson(await this.text(call));
  }

  #url(call: ApiCall): string {
    const query = Object.entries(call.query ?? {})
      .filter((item): item is [string, string] => item[1] !== undefined)
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .join("&");
    return `${this.#origin}${call.path}${query === "" ? "" : `?${query}`}`;
  }

  async #sendOnce(call: ApiCall, url: string, body: RequestBody): Promise<TransportResponse> {
    const wait = this.#options.startUpWait;
    for (let retries = 0; ; retries++) {
      const response = await this.#attempt(call, url, body);
      if (response.status !== 503 || wait === null || retries >= wait.retriesMax || isStream(body))
        return response;
      if (response.header(HEADERS.error.toLowerCase()) !== null) return response;
      const text = await readText(response);
      if (text.trim() !== "") throw await apiErrorFrom(call.method, withText(response, text));
      if (retries === 0) wait.onWait();
      await sleep(wait.delayMs, call.signal);
    }
  }

  async #attempt(call: ApiCall, url: string, body: RequestBody): Promise<TransportResponse> {
    const { transport, observer } = this.#options;
    const request = (headers: Readonly<Record<string, string>>): TransportRequest => ({
      method: call.method,
      url,
      headers: { ...this.#options.headers, ...call.headers, ...headers },
      body,
      signal: call.signal ?? null,
    });
    if (observer === null) return sendRepeatable(transport, request({}));
    const observation = observer.start(call.method, url);
    try {
      const response = await sendRepeatable(transport, request(observation.headers));
      return observedResponse(response, observation);
    } catch (error) {
      observation.ended(error);
      throw error;
    }
  }
}

/** A kept connection that the server closed just now shows as a reset; reading calls are simply sent again, once. */
async function sendRepeatable(transport: Transport, request: TransportRequest): Promise<TransportResponse> {
  try {
    return await transport.send(request);
  } catch (error) {
    const reset = error instanceof ConnectionError && error.code === "ECONNRESET";
    const repeatable = (request.method === "GET" || request.method === "HEAD") && !isStream(request.body);
    if (!reset || !repeatable) throw error;
    return transport.send(request);
  }
}

async function accepted(call: ApiCall, response: TransportResponse): Promise<TransportResponse> {
  if (response.status >= 200 && response.status < 300) return response;
  throw await apiErrorFrom(call.method, response);
}

function isRedirect(response: TransportResponse): boolean {
  return (
    REDIRECT_STATUSES.has(response.status) && response.header(HEADERS.locationUrl.toLowerCase()) !== null
  );
}

async function redirectTarget(response: TransportResponse): Promise<string> {
  const location = response.header(HEADERS.locationUrl.toLowerCase()) ?? "";
  await readText(response);
  return new URL(location, response.url).href;
}

function isStream(body: RequestBody): boolean {
  return body !== null && typeof body === "object" && "stream" in body && !(body instanceof Blob);
}

function withText(response: TransportResponse, text: string): TransportResponse {
  return {
    status: response.status,
    url: response.url,
    header: (name) => response.header(name),
    headerLines: (name) => response.headerLines(name),
    body: new Blob([text]).stream(),
  };
}
