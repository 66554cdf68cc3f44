/** The body of every error reply, and of `Hdr-Error` in replies to HEAD (wire-compat 0.2). */
import { type AisError, ERROR_CODES } from "@ais/base/errors.ts";
import * as v from "valibot";
import { decodeJson, encodeJson } from "./json.ts";

export interface ErrorBody {
  /** Go error type name; clients check a few of them. */
  readonly tcode?: string;
  readonly message: string;
  readonly method: string;
  readonly url_path: string;
  readonly remote_addr: string;
  readonly caller: string;
  /** `p[id]` or `t[id]`. */
  readonly node: string;
  readonly status: number;
}

export interface ErrorContext {
  readonly method: string;
  /** Without the query. */
  readonly urlPath: string;
  readonly remoteAddress: string;
  readonly caller: string;
  readonly node: string;
}

/** A message quotes what the caller sent, and a path is what the caller sent: neither is sent back without end. */
const TEXT_MAX_CHARS = 4096;

export function errorBody(error: AisError, context: ErrorContext): ErrorBody {
  const { tcode } = ERROR_CODES[error.code];
  return {
    ...(tcode === "" ? {} : { tcode }),
    message: shortened(error.message),
    method: context.method,
    url_path: shortened(context.urlPath),
    remote_addr: context.remoteAddress,
    caller: context.caller,
    node: context.node,
    status: error.status,
  };
}

function shortened(text: string): string {
  return text.length > TEXT_MAX_CHARS ? `${text.slice(0, TEXT_MAX_CHARS).toWellFormed()}…` : text;
}

/** With the newline at the end that clients of the wire expect. */
export function encodeErrorBody(body: ErrorBody): string {
  return encodeJson(body);
}

/** One line of ASCII, since header values can carry nothing else. */
export function encodeErrorHeader(body: ErrorBody): string {
  return encodeJson(body)
    .trimEnd()
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const text = v.optional(v.string(), "");
const ErrorBodySchema = v.object({
  tcode: v.optional(v.string()),
  message: v.string(),
  method: text,
  url_path: text,
  remote_addr: text,
  caller: text,
  node: text,
  status: v.number(),
});

/** Null when the text is not an error body: then it is the message itself. */
export function parseErrorBody(body: string): ErrorBody | null {
  let json: unknown;
  try {
    json = decodeJson(body);
  } catch {
    return null;
  }
  const result = v.safeParse(ErrorBodySchema, json);
  if (!result.success) return null;
  const { tcode, ...rest } = result.output;
  return tcode === undefined ? rest : { ...rest, tcode };
}
