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
const LETTER = { b: 0x62, p: 0x70, u: 0x75, v: 0x76 } as const;
const MASK = "REDACTED";

/**
 * `rawQuery` (without `?`) with the values of secrets replaced by `REDACTED` and the trace context left out. Other items
 * keep their bytes and order.
 */
export function redactQuery(rawQuery: string): string {
  // Null while all items so far are shown as they are: then nothing is put together.
  let shown: string | null = null;
  let isFirst = true;
  for (let start = 0; start <= rawQuery.length; ) {
    const ampersand = rawQuery.indexOf("&", start);
    const end = ampersand < 0 ? rawQuery.length : ampersand;
    const equals = rawQuery.indexOf("=", start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    const fate = isOpen(rawQuery, start) ? "show" : fateOf(rawQuery.slice(start, nameEnd));
    if (fate !== "show") shown ??= rawQuery.slice(0, Math.max(start - 1, 0));
    if (fate !== "drop") {
      if (shown !== null) {
        const isMasked = fate === "mask" && nameEnd < end;
        const item = isMasked ? `${rawQuery.slice(start, nameEnd)}=${MASK}` : rawQuery.slice(start, end);
        shown += isFirst ? item : `&${item}`;
      }
      isFirst = false;
    }
    start = end + 1;
  }
  return shown ?? rawQuery;
}

/** What nearly every redirect carries, spelt as it is there: most of the time nothing else has to be looked at. */
function isOpen(rawQuery: string, start: number): boolean {
  switch (rawQuery.charCodeAt(start)) {
    case LETTER.b:
      return rawQuery.startsWith("bmdv=", start);
    case LETTER.p:
      return rawQuery.startsWith("pid=", start) || rawQuery.startsWith("provider=", start);
    case LETTER.u:
      return rawQuery.startsWith("utm=", start);
    case LETTER.v:
      return rawQuery.startsWith("vpams=", start);
    default:
      return false;
  }
}

function fateOf(rawName: string): "show" | "mask" | "drop" {
  const name = decodedName(rawName);
  if (TRACE_NAMES.has(name)) return "drop";
  return SECRET_NAMES.has(name.slice(name.lastIndexOf(".") + 1)) ? "mask" : "show";
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
  return decodedName(equals < 0 ? item : item.slice(0, equals));
}

function decodedName(name: string): string {
  if (!name.includes("%")) return name.toLowerCase();
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}
