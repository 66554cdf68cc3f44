/** What of a URL's query may be shown: in spans, logs and error texts. Used by both builds. */

/**
 * Values of these never leave the process; names as signers, AuthN and ETL spell them, in lower case. A dotted name
 * (`auth.signature.key` of a config change) is known by its last part. `u` and `x` sign a redirect (wire-compat 2.4).
 */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "access_token",
  "api_key",
  "apikey",
  "auth",
  "auth_token",
  "authorization",
  "awsaccesskeyid",
  "credential",
  "etl_secret",
  "hmac",
  "id_token",
  "jwt",
  "key",
  "nonce",
  "passwd",
  "password",
  "refresh_token",
  "secret",
  "sig",
  "signature",
  "token",
  "u",
  "x",
  "x-amz-credential",
  "x-amz-security-token",
  "x-amz-signature",
  "x-goog-credential",
  "x-goog-signature",
]);
/** The redirect's trace context is ours, not the caller's: it is taken out, not masked. */
const TRACE_NAMES: ReadonlySet<string> = new Set(["traceparent", "tracestate", "tracesig"]);
const MASK = "REDACTED";

/**
 * `rawQuery` (without `?`) with the values of secrets replaced by `REDACTED` and the trace context left out. Other items
 * keep their bytes and order.
 */
export function redactQuery(rawQuery: string): string {
  if (rawQuery === "") return "";
  const kept: string[] = [];
  for (const item of rawQuery.split("&")) {
    const equals = item.indexOf("=");
    const name = itemName(item);
    if (TRACE_NAMES.has(name)) continue;
    const secret = SECRET_NAMES.has(name.slice(name.lastIndexOf(".") + 1));
    kept.push(equals >= 0 && secret ? `${item.slice(0, equals)}=${MASK}` : item);
  }
  return kept.join("&");
}

/** `rawQuery` without the redirect's trace context, byte for byte as the caller wrote the rest (tracing.md 3). */
export function withoutTraceQuery(rawQuery: string): string {
  if (!/tracep|traces|%/i.test(rawQuery)) return rawQuery;
  return rawQuery
    .split("&")
    .filter((item) => !TRACE_NAMES.has(itemName(item)))
    .join("&");
}

function itemName(item: string): string {
  const equals = item.indexOf("=");
  const name = equals < 0 ? item : item.slice(0, equals);
  if (!name.includes("%")) return name.toLowerCase();
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}
