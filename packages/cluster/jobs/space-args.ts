/** Arguments of `lru` and `cleanup-store`: those that a target starts by itself, and an ended job, have none. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { BucketSchema, type JobBucket, type JobRecord } from "./job-record.ts";

export interface SpaceJobArgs {
  /** Empty: all. */
  readonly buckets: readonly JobBucket[];
  /** `lru`: evicts from `buckets` whatever their `lru.enabled` says. */
  readonly force: boolean;
  /** `cleanup-store`: removes objects without content too. */
  readonly removesEmpty: boolean;
}

const NO_ARGS: SpaceJobArgs = { buckets: [], force: false, removesEmpty: false };

const ArgsSchema = v.object({
  buckets: v.array(BucketSchema),
  force: v.boolean(),
  removesEmpty: v.boolean(),
});

/** Throws `internal` when they are malformed. */
export function spaceJobArgs({ from, args }: JobRecord): SpaceJobArgs {
  if (args === null) return from === null ? NO_ARGS : { ...NO_ARGS, buckets: [from] };
  const result = v.safeParse(ArgsSchema, args);
  if (result.success) return result.output;
  throw new AisError("internal", `malformed arguments of a job: ${result.issues[0].message}`);
}
