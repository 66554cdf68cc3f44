import { partJoinedPairs } from "@ais/wire/joined-pairs.ts";

/** Parts header lines that a server joined with ", " (RFC 9110, 5.3): pairs as pairs, a value without `=` at every comma. */
export function partJoinedHeader(value: string | null): readonly string[] {
  if (value === null) return [];
  return value.includes("=") ? partJoinedPairs(value) : value.split(", ");
}
