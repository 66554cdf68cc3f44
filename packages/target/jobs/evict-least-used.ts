/**
 * `lru`: makes room by evicting what can be fetched again. Objects of ais buckets exist nowhere else, so only buckets with a
 * remote backend qualify, of which there are none without one: then the job has nothing to do.
 */
import { AisError } from "@ais/base/errors.ts";
import type { JobContext, JobWork } from "@ais/node/jobs/job-work.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import type { TargetServices } from "../services.ts";

export function evictLeastUsed(context: JobContext, { member }: TargetServices): JobWork {
  context.phase("evict");
  return {
    async unit() {
      const evictable = listBuckets(member.snapshot.bmd).filter(
        ({ bucket, props }) => bucket.provider !== "ais" && props.lru.enabled,
      );
      if (evictable.length > 0)
        throw new AisError("unsupported", "evicting objects of remote buckets is not supported");
      return { kind: "done" };
    },
    cursor: () => "",
  };
}
