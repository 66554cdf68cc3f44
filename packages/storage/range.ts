import { rangeNotSatisfiable } from "@ais/wire/error-texts.ts";
import type { ByteRange } from "./types.ts";

export interface ResolvedRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** What a range means for an object of `sizeBytes` (RFC 9110 14.1.2). Throws `rangeNotSatisfiable`. */
export function resolveRange(range: ByteRange | undefined, sizeBytes: number): ResolvedRange {
  if (range === undefined) return { offsetBytes: 0, lengthBytes: sizeBytes };
  if ("suffixBytes" in range) {
    const lengthBytes = Math.min(range.suffixBytes, sizeBytes);
    if (lengthBytes <= 0) throw rangeNotSatisfiable(`-${range.suffixBytes}`, sizeBytes);
    return { offsetBytes: sizeBytes - lengthBytes, lengthBytes };
  }
  const { firstByte, lastByte } = range;
  const end = Math.min(lastByte ?? sizeBytes - 1, sizeBytes - 1);
  if (firstByte < 0 || firstByte >= sizeBytes || end < firstByte) {
    throw rangeNotSatisfiable(`${firstByte}-${lastByte ?? ""}`, sizeBytes);
  }
  return { offsetBytes: firstByte, lengthBytes: end - firstByte + 1 };
}
