import type { JobContext } from "@ais/node/jobs/job-work.ts";
import type { ObjectAttributes } from "@ais/storage/types.ts";

/**
 * True when an object was written after a job began, which is not what its caller meant. A target may get to its share long
 * after that, and its clock may be behind that of the proxy that took the job: the earlier of both beginnings holds.
 */
export function isWrittenSince(
  { createdNs }: Pick<ObjectAttributes, "createdNs">,
  context: Beginnings,
): boolean {
  return createdNs > beginningNs(context);
}

/** The time of the last write that a job is about. */
export function beginningNs({ record, shareStartedNs }: Beginnings): bigint {
  const startedNs = BigInt(record.startedNs);
  return startedNs < shareStartedNs ? startedNs : shareStartedNs;
}

type Beginnings = Pick<JobContext, "record" | "shareStartedNs">;
