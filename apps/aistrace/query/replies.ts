import { type AisError, ERROR_CODES } from "@ais/base/errors.ts";

/** A failure in a reply that is otherwise fine, such as one unknown id of several. */
export interface ReplyError {
  readonly code?: number;
  readonly msg: string;
  readonly traceID?: string;
}

const JSON_HEADERS = { "content-type": "application/json", "cache-control": "no-store" } as const;

/** The frame of every reply of Jaeger's query service. */
export function jaegerReply(data: unknown, total: number, errors: readonly ReplyError[] = []): Response {
  const body = { data, total, limit: 0, offset: 0, errors: errors.length === 0 ? null : errors };
  return new Response(JSON.stringify(body), { headers: JSON_HEADERS });
}

export function jaegerFailure(error: AisError): Response {
  const { status } = ERROR_CODES[error.code];
  const body = { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: status, msg: error.message }] };
  return new Response(JSON.stringify(body), { status, headers: { ...JSON_HEADERS, ...error.headers } });
}

export function jsonReply(value: unknown): Response {
  return new Response(JSON.stringify(value), { headers: JSON_HEADERS });
}
