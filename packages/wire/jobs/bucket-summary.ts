/** Summaries of buckets (wire-compat 4.7). */
import type { Bck } from "../bck.ts";

export interface BucketFigures {
  readonly objectCount: number;
  readonly totalBytes: number;
  /** 0 without objects. */
  readonly smallestBytes: number;
  readonly largestBytes: number;
}

export const NO_FIGURES: BucketFigures = { objectCount: 0, totalBytes: 0, smallestBytes: 0, largestBytes: 0 };

export function addFigures(left: BucketFigures, right: BucketFigures): BucketFigures {
  if (left.objectCount === 0) return right;
  if (right.objectCount === 0) return left;
  return {
    objectCount: left.objectCount + right.objectCount,
    totalBytes: left.totalBytes + right.totalBytes,
    smallestBytes: Math.min(left.smallestBytes, right.smallestBytes),
    largestBytes: Math.max(left.largestBytes, right.largestBytes),
  };
}

/** The reply's form: 64-bit counts are decimal strings, sizes of single objects numbers. */
export function bucketSummaryJson(bucket: Bck, figures: BucketFigures, disksBytes: number) {
  const { objectCount, totalBytes, smallestBytes, largestBytes } = figures;
  return {
    ...bucket,
    ObjCount: { obj_count_present: String(objectCount), obj_count_remote: "0" },
    ObjSize: {
      obj_min_size: smallestBytes,
      obj_avg_size: objectCount === 0 ? 0 : Math.round(totalBytes / objectCount),
      obj_max_size: largestBytes,
    },
    TotalSize: {
      size_on_disk: String(totalBytes),
      size_all_present_objs: String(totalBytes),
      size_all_remote_objs: "0",
      total_disks_size: String(disksBytes),
    },
    used_pct: disksBytes === 0 ? 0 : Math.floor((totalBytes * 100) / disksBytes),
    is_present: true,
  };
}
