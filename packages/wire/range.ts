/** The `Range` header of object reads (RFC 9110 section 14). */

/** Both ends inclusive; `suffixBytes` asks for the last bytes. */
export type RequestedRange =
  | { readonly firstByte: number; readonly lastByte?: number }
  | { readonly suffixBytes: number };

export type RangeHeader =
  /** No header: the whole object is sent. */
  | { readonly kind: "whole" }
  | { readonly kind: "single"; readonly range: RequestedRange }
  /** Several ranges, which nothing here sends. */
  | { readonly kind: "multiple"; readonly count: number }
  /** Malformed, or in another unit than `bytes`: AIStore answers 416. */
  | { readonly kind: "invalid" };

const SPEC = /^(\d*)\s*-\s*(\d*)$/;

export function parseRange(header: string | null): RangeHeader {
  if (header === null || header.trim() === "") return { kind: "whole" };
  const equals = header.indexOf("=");
  if (header.slice(0, Math.max(equals, 0)).trim().toLowerCase() !== "bytes") return { kind: "invalid" };
  const specs = header
    .slice(equals + 1)
    .split(",")
    .map((spec) => spec.trim())
    .filter((spec) => spec !== "");
  const ranges = specs.map(parseSpec);
  const [first] = ranges;
  if (first === undefined || ranges.includes(null)) return { kind: "invalid" };
  if (ranges.length > 1) return { kind: "multiple", count: ranges.length };
  return first === null ? { kind: "invalid" } : { kind: "single", range: first };
}

function parseSpec(spec: string): RequestedRange | null {
  const [, first = "", last = ""] = SPEC.exec(spec) ?? [];
  if (first === "" && last === "") return null;
  // Beyond 2^53 a position is past the end of any object, whatever its exact value.
  const firstByte = Math.min(Number(first), Number.MAX_SAFE_INTEGER);
  const lastByte = Math.min(Number(last), Number.MAX_SAFE_INTEGER);
  if (first === "") return { suffixBytes: lastByte };
  if (last === "") return { firstByte };
  return lastByte < firstByte ? null : { firstByte, lastByte };
}

export interface ResolvedRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** What of an object a range covers, its end clipped; null when that is nothing (416). */
export function resolveRange(range: RequestedRange, sizeBytes: number): ResolvedRange | null {
  if ("suffixBytes" in range) {
    const lengthBytes = Math.min(range.suffixBytes, sizeBytes);
    return lengthBytes === 0 ? null : { offsetBytes: sizeBytes - lengthBytes, lengthBytes };
  }
  if (range.firstByte >= sizeBytes) return null;
  const lastByte = Math.min(range.lastByte ?? sizeBytes - 1, sizeBytes - 1);
  return { offsetBytes: range.firstByte, lengthBytes: lastByte - range.firstByte + 1 };
}

/** `bytes 0-99/1000`. */
export function contentRange(range: ResolvedRange, sizeBytes: number): string {
  return `bytes ${range.offsetBytes}-${range.offsetBytes + range.lengthBytes - 1}/${sizeBytes}`;
}
