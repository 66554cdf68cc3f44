/**
 * Parts header lines that a server joined with ", " (RFC 9110, 5.3). Values such as `Ais-Custom-Md: key=value` may hold
 * commas themselves, so a comma parts only where a new `name=` follows; a value without `=` anywhere is parted at every comma.
 */
export function partJoinedHeader(value: string | null): readonly string[] {
  if (value === null) return [];
  if (!value.includes(", ")) return [value];
  if (!value.includes("=")) return value.split(", ");
  return value.split(/, (?=[^\s,;="]+=)/);
}
