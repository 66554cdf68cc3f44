/** The one seam to an HTTP client: `fetch-transport.ts` for browsers, `node-transport.ts` for Node and Bun. */

/** A stream is read once, so only what stands before it may be repeated. `lengthBytes` null is sent chunked. */
export type RequestBody =
  | null
  | string
  | Uint8Array
  | Blob
  | { readonly stream: ReadableStream<Uint8Array>; readonly lengthBytes: number | null };

export interface TransportRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
  readonly signal: AbortSignal | null;
}

export interface TransportResponse {
  readonly status: number;
  /** The first value of a header, null when absent. `name` in lower case. */
  header(name: string): string | null;
  /** Every line of a header that may be repeated. */
  headerLines(name: string): readonly string[];
  /** Where the request went in the end. */
  readonly url: string;
  /** The body with back-pressure. Must be read to its end or cancelled, once, so that the connection is free again. */
  readonly body: ReadableStream<Uint8Array>;
}

export interface Transport {
  /** False where the platform refuses a body with GET; a listing of objects needs one (wire-compat 0.1). */
  readonly sendsBodyWithGet: boolean;
  /** False where redirects are followed out of sight (browsers hide the `Location` of a 307). */
  readonly showsRedirects: boolean;
  /** Resolves when the status line and the headers are in. Rejects with `ConnectionError` when they never come. */
  send(request: TransportRequest): Promise<TransportResponse>;
  /** Closes idle connections. */
  close(): void;
}

/** The endpoint did not answer: refused, unreachable, unknown host, reset, or not HTTP. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly url: string;
  /** Such as `ECONNREFUSED`; empty when the platform does not say. */
  readonly code: string;

  constructor(url: string, code: string, cause: unknown) {
    super(`no answer from ${new URL(url).origin}${code === "" ? "" : ` (${code})`}`, { cause });
    this.url = url;
    this.code = code;
  }
}

/** The whole body as bytes; for control-plane replies, never for object data of unknown size. */
export async function readAll(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer());
}

/** The whole body as UTF-8 text. */
export async function readText(response: TransportResponse): Promise<string> {
  return new TextDecoder().decode(await readAll(response.body));
}
