import {
  ConnectionError,
  type RequestBody,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from "./transport.ts";

/** The part of `fetch` that is used here, so that a test or a page can bring its own. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * For browsers. Redirects are followed by the platform, which sends the body of a 307 again: a stream cannot be, so
 * uploads take bytes or a `Blob` here. A body with GET is refused by the Fetch standard, which rules out listing objects.
 */
export class FetchTransport implements Transport {
  readonly sendsBodyWithGet = false;
  readonly showsRedirects = false;
  readonly #fetch: Fetch;

  constructor(fetchFunction: Fetch = (url, init) => fetch(url, init)) {
    this.#fetch = fetchFunction;
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    try {
      const response = await this.#fetch(request.url, {
        method: request.method,
        headers: request.headers,
        body: toBodyInit(request.body),
        signal: request.signal,
        redirect: "follow",
        cache: "no-store",
      });
      return new FetchResponse(response, request.url);
    } catch (cause) {
      if (request.signal?.aborted === true) throw cause;
      throw new ConnectionError(request.url, "", cause);
    }
  }

  close(): void {}
}

class FetchResponse implements TransportResponse {
  readonly status: number;
  readonly url: string;
  readonly body: ReadableStream<Uint8Array>;
  readonly #headers: Headers;

  constructor(response: Response, requestUrl: string) {
    this.status = response.status;
    this.url = response.url === "" ? requestUrl : response.url;
    this.body = response.body ?? new Blob([]).stream();
    this.#headers = response.headers;
  }

  header(name: string): string | null {
    return this.#headers.get(name);
  }

  // Fetch joins repeated lines; a value that holds ", " itself cannot be told apart.
  headerLines(name: string): readonly string[] {
    return this.#headers.get(name)?.split(", ") ?? [];
  }
}

function toBodyInit(body: RequestBody): string | Blob | null {
  if (body === null || typeof body === "string" || body instanceof Blob) return body;
  if (body instanceof Uint8Array) return new Blob([new Uint8Array(body)]);
  throw new TypeError("a stream cannot be sent again after a redirect: give bytes or a Blob");
}
