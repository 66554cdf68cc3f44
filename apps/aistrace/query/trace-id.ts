import { AisError } from "@ais/base/errors.ts";

const TRACE_ID_DIGITS = 32;

/**
 * A trace id of up to 32 hex digits in full length: ids whose leading zeros were cut off are common.
 * Throws `badRequest`, its message beginning with `prefix`.
 */
export function parseTraceId(text: string, prefix = ""): string {
  if (text.length > TRACE_ID_DIGITS) {
    throw new AisError("badRequest", `${prefix}TraceID cannot be longer than 32 hex characters: ${text}`);
  }
  if (!/^[0-9a-fA-F]+$/.test(text))
    throw new AisError("badRequest", `${prefix}"${text}" is not a hexadecimal trace id`);
  return text.toLowerCase().padStart(TRACE_ID_DIGITS, "0");
}
