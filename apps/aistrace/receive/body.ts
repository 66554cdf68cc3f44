import { createGunzip } from "node:zlib";
import { AisError } from "@ais/base/errors.ts";
import type { Receiving } from "./receiving.ts";

/**
 * The whole body of a request, unpacked. Throws `tooLarge` over `limitBytes` (packed or unpacked), `badRequest` when the
 * packing is broken, `tooManyRequests` when too much is arriving at a time.
 */
export async function readBody(
  request: Request,
  isGzip: boolean,
  limitBytes: number,
  receiving: Receiving,
): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge(limitBytes);
  using share = receiving.share();
  const bytes = await collect(request.body ?? [], limitBytes, share.take);
  if (!isGzip) return bytes;
  const unpacking = createGunzip();
  unpacking.end(bytes);
  try {
    return await collect(unpacking, limitBytes, share.take);
  } catch (cause) {
    if (cause instanceof AisError) throw cause;
    throw new AisError("badRequest", "failed to unpack the gzip body", { cause });
  }
}

async function collect(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limitBytes: number,
  take: (bytes: number) => void,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.byteLength;
    if (size > limitBytes) throw tooLarge(limitBytes);
    take(chunk.byteLength);
    parts.push(chunk);
  }
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts, size);
}

function tooLarge(limitBytes: number): AisError {
  return new AisError("tooLarge", `the body is larger than ${limitBytes} bytes`);
}
