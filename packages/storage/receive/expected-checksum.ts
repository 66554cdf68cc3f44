import { badChecksum } from "@ais/wire/error-texts.ts";
import type { Checksum } from "../types.ts";

/** Throws `checksumMismatch` unless the body is the one that the client meant. */
export function verifyExpected(cname: string, expected: Checksum, actual: Checksum | null): void {
  if (actual !== null && actual.value === expected.value.toLowerCase()) return;
  throw badChecksum(cname, formatChecksum(expected), actual === null ? "none" : formatChecksum(actual));
}

export function sameChecksum(a: Checksum | null, b: Checksum | null): boolean {
  return a !== null && b !== null && a.type === b.type && a.value === b.value.toLowerCase();
}

function formatChecksum(checksum: Checksum): string {
  return `${checksum.type}[${checksum.value}]`;
}
