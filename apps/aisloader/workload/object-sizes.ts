import { type Dice, PURPOSES } from "./dice.ts";

/** `uniform` as AIStore's loader; `log-uniform` has as many objects from 1 to 2 KiB as from 1 to 2 MiB. */
export const SIZE_DISTRIBUTIONS = ["uniform", "log-uniform"] as const;
export type SizeDistribution = (typeof SIZE_DISTRIBUTIONS)[number];

export interface SizeRange {
  readonly minBytes: number;
  /** Inclusive. */
  readonly maxBytes: number;
  readonly distribution: SizeDistribution;
}

export function objectSizeBytes(
  { minBytes, maxBytes, distribution }: SizeRange,
  dice: Dice,
  position: number,
): number {
  if (minBytes === maxBytes) return minBytes;
  if (distribution === "uniform")
    return minBytes + dice.below(maxBytes - minBytes + 1, PURPOSES.size, position);
  // Shifted by one byte, so that empty objects have a logarithm.
  const low = Math.log(minBytes + 1);
  const high = Math.log(maxBytes + 2);
  const size = Math.floor(Math.exp(low + dice.unit(PURPOSES.size, position) * (high - low))) - 1;
  return Math.min(maxBytes, Math.max(minBytes, size));
}
