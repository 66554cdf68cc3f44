import type { HttpRequest } from "../http/types.ts";

export interface MemoryRequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Aborted: the client has left. */
  readonly signal?: AbortSignal;
}

/** A request without a connection; header names in lower case. Its body can be read once, as a real one. */
export function memoryRequest(
  method: string,
  rawUrl: string,
  { headers = {}, body = "", signal = new AbortController().signal }: MemoryRequestOptions = {},
): HttpRequest {
  const [rawPath = "", rawQuery = ""] = rawUrl.split("?", 2);
  const bytes = new TextEncoder().encode(body);
  let isRead = false;
  const take = (): Uint8Array<ArrayBuffer> => {
    if (isRead && bytes.length > 0) throw new Error("the body of the request was read before");
    isRead = true;
    return bytes;
  };
  return {
    method,
    rawPath,
    rawQuery,
    header: (name) => headers[name] ?? null,
    headerLines: (name) => (headers[name] === undefined ? [] : [headers[name]]),
    remoteAddress: "127.0.0.1",
    contentLengthBytes: bytes.byteLength,
    bytes: async () => take(),
    stream: () => new Blob([take()]).stream(),
    signal,
  };
}
