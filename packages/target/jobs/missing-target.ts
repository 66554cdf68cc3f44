import type { JobRecord } from "@ais/cluster/jobs/job-record.ts";
import type { TargetServices } from "../services.ts";

/**
 * Objects go where the cluster map says, and a rebalance sends on what that changes. While the map lacks a target that was there
 * when the job began, that place may be a makeshift one, where nobody would look once the target is back. Null when all are
 * there.
 */
export function missingTarget(
  targets: readonly string[],
  { member }: Pick<TargetServices, "member">,
): string | null {
  const { tmap } = member.snapshot.smap;
  const missing = targets.find((id) => !Object.hasOwn(tmap, id));
  return missing === undefined ? null : `t[${missing}] is not in the cluster map`;
}

/** The same of a job under way, which goes on without targets that are given up meanwhile. */
export function missingShare(
  { id, targets }: Pick<JobRecord, "id" | "targets">,
  services: Pick<TargetServices, "jobs" | "member">,
): string | null {
  return missingTarget(services.jobs.get(id)?.record.targets ?? targets, services);
}
