/**
 * Jobs that cannot live with a rebalance: objects that change places would be passed over. The coordinator changes one key
 * at a time, so each writes that it begins and then looks for the other: whoever is later sees the earlier. That makes them
 * give way in time. What is concluded of a job does not hang on it: a rebalance that met it has a number greater than
 * `afterRebalance`, and its record stands before an object moves, so that it is there once the job's shares are over.
 */
import { AisError } from "@ais/base/errors.ts";
import type { JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import { isShareOver, type JobRecord } from "@ais/cluster/jobs/job-record.ts";
import type { Span } from "@ais/tracing/types.ts";
import { type JobKind, jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { REBALANCE_ID_PREFIX, rebalanceNumber } from "@ais/wire/rmd.ts";
import type { ProxyServices } from "../services.ts";

type Services = Pick<ProxyServices, "jobs" | "clock">;

/**
 * Throws `conflict` while a rebalance runs that the kind cannot live with. The number of the newest one there was before any
 * that runs; 0 for none.
 */
export async function requireNoRebalance(
  kind: JobKind,
  { jobs }: Pick<Services, "jobs">,
  span?: Span,
): Promise<number> {
  const { conflictsWithRebalance, repeatedAfterRebalance } = jobEntry(kind);
  if (conflictsWithRebalance !== true && repeatedAfterRebalance !== true) return 0;
  const all = await rebalances(jobs, span);
  const running = all.find(({ end }) => end === null);
  if (running === undefined) return newestOf(all);
  if (conflictsWithRebalance !== true) return rebalanceNumber(running.id) - 1;
  throw new AisError(
    "conflict",
    `cannot start "${kind}": rebalance[${running.id}] is currently running, please try again later`,
  );
}

/** True when a rebalance began before the job's work was over, of which every share must have ended. */
export async function metRebalance(
  { afterRebalance }: JobRecord,
  { jobs }: Services,
  span?: Span,
): Promise<boolean> {
  if (afterRebalance === undefined) return false;
  return (await rebalances(jobs, span)).some(({ id }) => rebalanceNumber(id) > afterRebalance);
}

/**
 * For the one who begins rebalance `number`: open jobs that it would disturb are to stop. With `isBegun` false, before its
 * record is there, those whose work is over are none of them, and that is noted. The ids of those that stop.
 */
export async function abortForRebalance(
  number: number,
  isBegun: boolean,
  services: Services,
): Promise<readonly string[]> {
  const { jobs } = services;
  const aborted: string[] = [];
  for (const entry of await jobs.reload("")) {
    const { record } = entry;
    if (record.end !== null || record.stop !== null || jobEntry(record.kind).abortedByRebalance !== true)
      continue;
    if (!isBegun && isWorkOver(entry)) {
      await jobs.update(record.id, (now) => (now.end === null ? { ...now, afterRebalance: number } : null));
    } else if (record.afterRebalance === undefined || record.afterRebalance < number) {
      await stopForRebalance(record.id, services);
      aborted.push(record.id);
    }
  }
  return aborted;
}

export async function stopForRebalance(id: string, { jobs, clock }: Services, span?: Span): Promise<void> {
  const stop = { reason: "aborted by a rebalance", timeNs: clock.nowNs().toString() };
  await jobs.update(
    id,
    (current) => (current.end === null && current.stop === null ? { ...current, stop } : null),
    span,
  );
}

/** A job that has not ended may have to be told later that this rebalance met it. */
export function isRebalanceOfInterest({ id, kind }: JobRecord, open: readonly JobRecord[]): boolean {
  if (kind !== "rebalance") return false;
  const number = rebalanceNumber(id);
  return open.some(({ afterRebalance }) => afterRebalance !== undefined && afterRebalance < number);
}

function isWorkOver({ record, shares }: JobEntry): boolean {
  return record.targets.every((id) => {
    const share = shares.get(id);
    return share !== undefined && isShareOver(record, share);
  });
}

/** The number of the newest one that the cluster remembers, 0 for none, and whether one runs. */
export async function newestRebalance({ jobs }: Pick<Services, "jobs">) {
  const all = await rebalances(jobs);
  return { number: newestOf(all), runs: all.some(({ end }) => end === null) };
}

function newestOf(all: readonly JobRecord[]): number {
  return Math.max(0, ...all.map(({ id }) => rebalanceNumber(id)));
}

async function rebalances(jobs: Services["jobs"], span?: Span): Promise<readonly JobRecord[]> {
  const found = await jobs.reload(REBALANCE_ID_PREFIX, span);
  return found.flatMap(({ record }) => (record.kind === "rebalance" ? [record] : []));
}
