/**
 * Jobs that run beside a rebalance and go over their objects once more after it: what moved meanwhile, from a target that had
 * yet to come to it to one that had passed its name, was left out by both; what a read moved while the job began likewise. A
 * target that came since may have got some, too.
 */
import type { JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import type { JobRecord } from "@ais/cluster/jobs/job-record.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { holderIds } from "@ais/wire/rmd.ts";
import type { ProxyServices } from "../services.ts";
import { metRebalance, newestRebalance } from "./beside-rebalance.ts";

type Services = Pick<ProxyServices, "jobs" | "clock" | "member" | "logger">;

/** True when objects may have been left out by the shares of a job, all of which must be over. */
export async function isDisturbed({ record, shares }: JobEntry, services: Services): Promise<boolean> {
  if (await metRebalance(record, services)) return true;
  if (jobEntry(record.kind).repeatedAfterRebalance !== true) return false;
  if (record.targets.some((id) => shares.get(id)?.mustRepeat === true)) return true;
  const { member } = services;
  await member.refresh("smap", NOOP_SPAN);
  const { smap, rmd } = await member.refresh("rmd", NOOP_SPAN);
  return holderIds(smap, rmd).some((id) => !record.targets.includes(id));
}

/**
 * Begins another round, of whoever may hold objects by now, unless a rebalance runs: then there is a next time. What a round
 * misses in its turn is found at its end in the same way.
 */
export async function repeatJob({ id, round = 0 }: JobRecord, services: Services): Promise<void> {
  const { jobs, member, logger } = services;
  const { number: afterRebalance, runs } = await newestRebalance(services);
  if (runs) return;
  const { smap, rmd } = member.snapshot;
  const targets = [...holderIds(smap, rmd)];
  const isSame = (now: JobRecord): boolean =>
    now.end === null && now.stop === null && (now.round ?? 0) === round;
  const next = { round: round + 1, afterRebalance, targets };
  await jobs.update(id, (now) => (isSame(now) ? { ...now, ...next } : null));
  logger.log("info", "repeats a job after a rebalance", { job: id, ...next, targets: targets.join() });
}
