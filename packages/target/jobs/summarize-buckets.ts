/** `summary-bck`: numbers and sizes of this target's objects in some buckets. */

import type { JobBucket } from "@ais/cluster/jobs/job-record.ts";
import type { JobContext, JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { addFigures, type BucketFigures, NO_FIGURES } from "@ais/wire/jobs/bucket-summary.ts";
import type { TargetServices } from "../services.ts";

/** Objects looked at in one unit. */
const PAGE_COUNT = 1000;

export interface SummaryArgs {
  readonly buckets: readonly JobBucket[];
  readonly prefix: string;
}

/** One target's part of a summary, in the order of the buckets asked for. */
export interface SummaryShare {
  readonly figures: readonly BucketFigures[];
  readonly disksBytes: number;
}

/** A restart begins anew: it is cheap, and half a summary is worth nothing. */
export function summarizeBuckets(context: JobContext, { store }: TargetServices): JobWork {
  const { buckets, prefix } = context.record.args as SummaryArgs;
  const figures: BucketFigures[] = buckets.map(() => NO_FIGURES);
  let index = 0;
  let after = "";
  context.phase("summarize");
  Object.assign(context.stats, { objects: 0, bytes: 0 });
  return {
    async unit(): Promise<UnitOutcome> {
      const bucket = buckets[index];
      if (bucket === undefined) return { kind: "done" };
      const options = { prefix, after, limit: PAGE_COUNT, delimiter: "" };
      const { objects, more } = await store.list(BigInt(bucket.bid), options, NOOP_SPAN);
      let sum = figures[index] ?? NO_FIGURES;
      for (const { attributes } of objects) {
        const { sizeBytes } = attributes;
        sum = addFigures(sum, {
          objectCount: 1,
          totalBytes: sizeBytes,
          smallestBytes: sizeBytes,
          largestBytes: sizeBytes,
        });
        context.stats.objects++;
        context.stats.bytes += sizeBytes;
      }
      figures[index] = sum;
      after = more ? (objects.at(-1)?.objectName ?? "") : "";
      if (!more) index++;
      return { kind: index < buckets.length ? "worked" : "done" };
    },
    cursor: () => "",
    result: (): SummaryShare => ({ figures, disksBytes: disksBytes(store.capacity()) }),
  };
}

/** Each file system once, however many mountpaths it carries. */
function disksBytes(
  capacity: readonly { fsId: string; usedBytes: number; availableBytes: number }[],
): number {
  const byFileSystem = new Map(capacity.map((each) => [each.fsId, each.usedBytes + each.availableBytes]));
  return [...byFileSystem.values()].reduce((sum, bytes) => sum + bytes, 0);
}
