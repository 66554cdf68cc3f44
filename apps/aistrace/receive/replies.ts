import type { InsertResult } from "../store/writer.ts";

/**
 * The few messages that a receiver sends, in protobuf's wire format: `ExportTraceServiceResponse`, `google.rpc.Status`
 * and, inside a status, `google.rpc.RetryInfo`.
 */

/** Canonical codes of gRPC and google.rpc.Status. */
export const RPC = { invalidArgument: 3, resourceExhausted: 8, internal: 13, unavailable: 14 } as const;

const RETRY_INFO_TYPE = "type.googleapis.com/google.rpc.RetryInfo";

/** Empty when every span was stored, as OTLP asks. */
export function exportResponse(result: InsertResult): Uint8Array {
  if (result.refused === 0) return new Uint8Array(0);
  const partialSuccess = concat(varintField(1, result.refused), textField(2, refusalText(result)));
  return bytesField(1, partialSuccess);
}

export function exportResponseJson(result: InsertResult): string {
  if (result.refused === 0) return "{}";
  // protobuf's JSON mapping writes 64-bit integers as strings.
  return JSON.stringify({
    partialSuccess: { rejectedSpans: String(result.refused), errorMessage: refusalText(result) },
  });
}

/** `google.rpc.Status`; with `retryAfterS` a client is told that it may send the same again. */
export function rpcStatus(code: number, message: string, retryAfterS?: number): Uint8Array {
  const status = concat(varintField(1, code), textField(2, message));
  if (retryAfterS === undefined) return status;
  const retryInfo = bytesField(1, varintField(1, retryAfterS));
  return concat(status, bytesField(3, concat(textField(1, RETRY_INFO_TYPE), bytesField(2, retryInfo))));
}

function refusalText(result: InsertResult): string {
  return result.refused === 1
    ? result.reason
    : `${result.refused} spans refused, the first because ${result.reason}`;
}

function varintField(field: number, value: number): Uint8Array {
  return Uint8Array.from([(field << 3) | 0, ...varint(value)]);
}

function textField(field: number, text: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(text));
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.from([(field << 3) | 2, ...varint(bytes.length)]), bytes);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
