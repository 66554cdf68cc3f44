import type { JobContext } from "@ais/node/jobs/job-work.ts";
import type { ObjectAttributes } from "@ais/storage/types.ts";

/**
 * True when an object was written after a job began, which is not what its caller meant. A target may get to its share long
 * after that, and its clock may be behind that of the proxy that took the job: the earlier of both beginnings holds.
 */
export function isWrittenSince(
  { createdNs }: Pick<ObjectAttributes, "createdNs">,
  { record, shareStartedNs }: Pick<JobContext, "record" | "shareStartedNs">,
): boolean {
  return createdNs > shareStartedNs || createdNs > BigInt(record.startedNs);
}
