/** What the use of mountpaths means for a target, by the watermarks of the section `space` (wire-compat 5.7). */
import { formatSizeIec } from "@ais/base/units.ts";
import type { MountpathCapacity } from "@ais/storage/types.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import { STATE_FLAGS } from "@ais/wire/node-status.ts";

export type Watermarks = Pick<ClusterConfig["space"], "cleanupwm" | "lowwm" | "highwm" | "out_of_space">;

/** `ok` up to `cleanupwm`, then `filling`, `low` above `highwm`, `full` above `out_of_space`. */
export type SpaceLevel = "ok" | "filling" | "low" | "full";

export interface SpaceState {
  /** Of the fullest mountpath, as AIStore judges by the fullest. */
  readonly level: SpaceLevel;
  readonly usedPercent: number;
  readonly fullest: string;
  /** Bits of `cluster.flags` in a node's status. */
  readonly flags: number;
  /** Empty unless space is low. */
  readonly alert: string;
}

export const NO_SPACE_STATE: SpaceState = { level: "ok", usedPercent: 0, fullest: "", flags: 0, alert: "" };

export function judgeSpace(capacity: readonly MountpathCapacity[], watermarks: Watermarks): SpaceState {
  let fullest: MountpathCapacity | null = null;
  for (const each of capacity)
    if (fullest === null || usedPercent(each) > usedPercent(fullest)) fullest = each;
  if (fullest === null) return NO_SPACE_STATE;
  const percent = usedPercent(fullest);
  const level = levelOf(percent, watermarks);
  return {
    level,
    usedPercent: percent,
    fullest: fullest.path,
    flags: FLAGS[level],
    alert: level === "full" || level === "low" ? alertText(level, percent, capacity, watermarks) : "",
  };
}

/** One mountpath is enough for the flags of the node and those of its disks: both are of the fullest. */
const FLAGS: Readonly<Record<SpaceLevel, number>> = {
  ok: 0,
  filling: 0,
  low: STATE_FLAGS.lowCapacity | STATE_FLAGS.diskLowCapacity,
  full: STATE_FLAGS.outOfSpace | STATE_FLAGS.diskOutOfSpace,
};

function levelOf(percent: number, { cleanupwm, highwm, out_of_space }: Watermarks): SpaceLevel {
  if (percent > out_of_space) return "full";
  if (percent > highwm) return "low";
  return percent > cleanupwm ? "filling" : "ok";
}

/** Exact, where AIStore rounds up: more than 95 is more than 95. A mountpath that has gone uses nothing. */
function usedPercent({ usedBytes, availableBytes }: MountpathCapacity): number {
  const totalBytes = usedBytes + availableBytes;
  return totalBytes === 0 ? 0 : (usedBytes * 100) / totalBytes;
}

function alertText(
  level: "low" | "full",
  percent: number,
  capacity: readonly MountpathCapacity[],
  { highwm }: Watermarks,
): string {
  const fileSystems = [...new Map(capacity.map((each) => [each.fsId, each])).values()];
  const used = fileSystems.reduce((sum, each) => sum + each.usedBytes, 0);
  const total = fileSystems.reduce((sum, each) => sum + each.usedBytes + each.availableBytes, 0);
  const totals = `total used ${formatSizeIec(used, 2)} of ${formatSizeIec(total, 2)}`;
  const shown = Math.ceil(percent);
  return level === "full"
    ? `out of space: ${shown}% of a mountpath is used (${totals})`
    : `low on free space: ${shown}% of a mountpath is used, above the high watermark of ${highwm}% (${totals})`;
}
