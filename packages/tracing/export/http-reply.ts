/** What a collector answers over OTLP/HTTP, beside the status. */
import { ByteReader } from "../otlp/byte-reader.ts";

/** OTLP asks clients to bound what they read; the answers of collectors are short of 1 KiB. */
export const HTTP_REPLY_MAX_BYTES = 1024 * 1024;
/** Of a text that is meant for people. */
const MESSAGE_MAX_CHARS = 200;

/** Throws when the collector sends more than a reply may have; the rest is not read. */
export async function replyBytes({ body }: Response): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > HTTP_REPLY_MAX_BYTES)
      throw new Error(`the collector's answer is larger than ${HTTP_REPLY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

/** `Retry-After` in milliseconds from now: seconds or a date (RFC 9110 10.2.3). Null when it says nothing. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const atMs = /^[A-Z][a-z]{2},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** What the collector says of an error: a `google.rpc.Status` in the form of the request, or text. Empty for nothing. */
export function errorMessage(contentType: string | null, body: Uint8Array): string {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  const text = type === "application/x-protobuf" ? protobufMessage(body) : textMessage(type, body);
  // Of HTML and the like only the first line could be of use in a log.
  const [line = ""] = text.trim().split(/[\r\n]/);
  return line.startsWith("<") ? "" : line.slice(0, MESSAGE_MAX_CHARS);
}

function textMessage(type: string, body: Uint8Array): string {
  const text = new TextDecoder().decode(body);
  if (type !== "application/json") return type.startsWith("text/") ? text : "";
  try {
    const status: unknown = JSON.parse(text);
    const isStatus = typeof status === "object" && status !== null && "message" in status;
    return isStatus && typeof status.message === "string" ? status.message : text;
  } catch {
    return text;
  }
}

function protobufMessage(body: Uint8Array): string {
  try {
    let message = "";
    for (const status = new ByteReader(body); status.next(); ) {
      if (status.field === 2) message = status.text();
      else status.skip();
    }
    return message;
  } catch {
    // What is no status says nothing; the HTTP status alone decides then.
    return "";
  }
}
