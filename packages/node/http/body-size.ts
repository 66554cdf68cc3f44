import type { HttpReply } from "./types.ts";

/** 0 for a stream, whose size nobody knows before its end. */
export function bodySizeBytes({ body }: Pick<HttpReply, "body">): number {
  if (body === null) return 0;
  if (typeof body === "string") return Buffer.byteLength(body);
  if (body instanceof Uint8Array) return body.byteLength;
  return body.kind === "file" ? body.lengthBytes : 0;
}
