/** Which attributes of a span say what it did to whom; the rest is context that every span repeats. */
const SHOWN_PREFIXES = ["ais.", "error", "exception.", "aws."] as const;
const SHOWN_NAMES: ReadonlySet<string> = new Set([
  "http.response.status_code",
  "http.request.body.size",
  "http.response.body.size",
  "server.address",
  "server.port",
  "url.path",
  "url.full",
  "bytes",
  "mountpath",
  "otel.status_description",
]);

/** In alphabetical order. */
export function shownAttributes(
  attributes: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] {
  return Object.entries(attributes)
    .filter(([key]) => SHOWN_NAMES.has(key) || SHOWN_PREFIXES.some((prefix) => key.startsWith(prefix)))
    .sort(([left], [right]) => (left < right ? -1 : 1));
}
