/** The plain replies of handlers. Object replies are built by the target itself. */
import { CONTENT_TYPES } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import type { HttpReply } from "./http/types.ts";

export type HeaderLines = readonly (readonly [string, string])[];

/** 200 with `value` as JSON and a final newline (wire-compat 0.1); BigInt becomes a JSON number. */
export function jsonReply(value: unknown, headers: HeaderLines = [], status = 200): HttpReply {
  return {
    status,
    headers: [["Content-Type", CONTENT_TYPES.json], ...headers],
    body: encodeJson(value),
  };
}

/** 200 with raw text: no quotes, no newline added. */
export function textReply(text: string, headers: HeaderLines = [], status = 200): HttpReply {
  return { status, headers: [["Content-Type", CONTENT_TYPES.text], ...headers], body: text };
}

export function emptyReply(status = 200, headers: HeaderLines = []): HttpReply {
  return { status, headers, body: null };
}

/** `no-store` keeps caches from replaying an old trace context or an old placement (tracing.md 3). */
export function redirectReply(status: 301 | 307, location: string, headers: HeaderLines = []): HttpReply {
  return { status, headers: [["Location", location], ["Cache-Control", "no-store"], ...headers], body: null };
}
