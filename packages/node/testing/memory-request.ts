import type { HttpRequest } from "../http/types.ts";

export interface MemoryRequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request without a connection; header names in lower case. */
export function memoryRequest(
  method: string,
  rawUrl: string,
  { headers = {}, body = "" }: MemoryRequestOptions = {},
): HttpRequest {
  const [rawPath = "", rawQuery = ""] = rawUrl.split("?", 2);
  const bytes = new TextEncoder().encode(body);
  return {
    method,
    rawPath,
    rawQuery,
    header: (name) => headers[name] ?? null,
    headerLines: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    remoteAddress: "127.0.0.1",
    contentLengthBytes: bytes.byteLength,
    bytes: async () => bytes,
    stream: () => new Blob([bytes]).stream(),
    signal: new AbortController().signal,
  };
}
