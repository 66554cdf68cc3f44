/** `cleanup-store`: removes what is left of buckets that are gone. */
import type { JobContext, JobWork } from "@ais/node/jobs/job-work.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import type { TargetServices } from "../services.ts";

export function cleanStore(context: JobContext, { store, member }: TargetServices): JobWork {
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
      context.stats.objects += await store.sweepBuckets(live, NOOP_SPAN);
      return { kind: "done" };
    },
    cursor: () => "",
  };
}
