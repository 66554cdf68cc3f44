/**
 * `cleanup-store`: removes what is left of buckets that are gone, uploads that were given up, files that no record names
 * and that are older than `space.dont_cleanup_time`, and what only waits for its grace period.
 */

import { parseDurationNs } from "@ais/base/units.ts";
import type { JobContext, JobWork } from "@ais/node/jobs/job-work.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import type { TargetServices } from "../services.ts";

const NS_PER_MS = 1_000_000n;

export function cleanStore(context: JobContext, { store, member, metrics, logger }: TargetServices): JobWork {
  context.phase("clean");
  return {
    async unit() {
      // Read anew: data must not be taken for a dead bucket's because this node's BMD is old.
      await member.refresh("bmd", NOOP_SPAN);
      // Nothing is awaited between here and the store's look at its buckets, so a bucket made meanwhile is in the set.
      const { bmd } = member.snapshot;
      if (bmd.version === "0")
        return { kind: "waiting", reason: "the bucket metadata is not known yet", delayMs: 500 };
      const live = new Set(listBuckets(bmd).map(({ props }) => bucketId(props)));
      const [removed, uploads] = await Promise.all([
        store.sweepBuckets(live, NOOP_SPAN),
        store.uploads.sweep(live),
      ]);
      const { dont_cleanup_time: youngest } = member.snapshot.config.space;
      const leftOvers = await store.sweepLeftOvers(Number(parseDurationNs(youngest) / NS_PER_MS));
      await store.reclaimSpace();
      context.stats.objects += removed + leftOvers.files;
      context.stats.bytes += leftOvers.bytes;
      metrics.add("cleanup.store.n", removed + leftOvers.files);
      metrics.add("cleanup.store.size", leftOvers.bytes);
      const { files, bytes } = leftOvers;
      logger.log("info", "cleaned the store", { objects: removed, uploads, files, bytes });
      return { kind: "done" };
    },
    cursor: () => "",
  };
}
