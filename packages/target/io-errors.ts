import { isAisError } from "@ais/base/errors.ts";
import type { NodeMetrics } from "@ais/node/metrics/types.ts";

/** Runs a call of the store and counts its failures that are neither the caller's nor a limit's: those of the disk. */
export async function countingIoErrors<T>(
  kind: "get" | "put" | "del",
  metrics: NodeMetrics,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isAisError(error) || isAisError(error, "internal")) metrics.add(`err.io.${kind}.n`, 1);
    throw error;
  }
}
