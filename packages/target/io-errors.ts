import { isAisError } from "@ais/base/errors.ts";
import type { NodeMetrics } from "@ais/node/metrics/types.ts";

/** Counts a failure of the store that is neither the caller's nor a limit's: those of the disk. */
export function countIoError(kind: "get" | "put" | "del", metrics: NodeMetrics, error: unknown): void {
  if (!isAisError(error) || isAisError(error, "internal")) metrics.add(`err.io.${kind}.n`, 1);
}

/** Runs a call of the store and counts its failure. */
export async function countingIoErrors<T>(
  kind: "get" | "put" | "del",
  metrics: NodeMetrics,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    countIoError(kind, metrics, error);
    throw error;
  }
}
