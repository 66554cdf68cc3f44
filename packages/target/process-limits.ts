import { DEFAULT_STORAGE_LIMITS, type StorageLimits } from "@ais/storage/limits.ts";

/** What a target allows in all, one of its processes allows a share of. `limits` are those that differ from the defaults. */
export function limitsOfOne(processCount: number, limits: Partial<StorageLimits>): Partial<StorageLimits> {
  const all = { ...DEFAULT_STORAGE_LIMITS, ...limits };
  const share = (count: number): number => Math.ceil(count / processCount);
  return {
    ...limits,
    openWriteCount: share(all.openWriteCount),
    openWriteWaiterCount: share(all.openWriteWaiterCount),
    receiveStartBytes: share(all.receiveStartBytes),
  };
}
