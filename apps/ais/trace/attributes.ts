/** What Jaeger's form of a span has among its tags and is no attribute of it. */
const NO_ATTRIBUTES: ReadonlySet<string> = new Set([
  "internal.span.format",
  "otel.scope.name",
  "otel.scope.version",
  "otel.status_code",
  "span.kind",
]);

/** Every attribute, in alphabetical order. */
export function shownAttributes(
  attributes: Readonly<Record<string, string>>,
): readonly (readonly [string, string])[] {
  return Object.entries(attributes)
    .filter(([key]) => !NO_ATTRIBUTES.has(key))
    .sort(([left], [right]) => (left < right ? -1 : 1));
}
