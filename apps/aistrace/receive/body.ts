import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AisError } from "@ais/base/errors.ts";

const gunzipAsync = promisify(gunzip);

/**
 * The whole body of a request, unpacked. Throws `tooLarge` over `limitBytes` (packed or unpacked),
 * `badRequest` when the packing is broken.
 */
export async function readBody(request: Request, isGzip: boolean, limitBytes: number): Promise<Uint8Array> {
  const bytes = await readStream(request, limitBytes);
  if (!isGzip) return bytes;
  try {
    return await gunzipAsync(bytes, { maxOutputLength: limitBytes });
  } catch (cause) {
    const isTooLarge = cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
    if (isTooLarge) throw tooLarge(limitBytes);
    throw new AisError("badRequest", "failed to unpack the gzip body", { cause });
  }
}

async function readStream(request: Request, limitBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limitBytes) throw tooLarge(limitBytes);
    chunks.push(chunk);
  }
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size);
}

function tooLarge(limitBytes: number): AisError {
  return new AisError("tooLarge", `the body is larger than ${limitBytes} bytes`);
}
