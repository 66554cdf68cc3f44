/** The primary's duty towards jobs: it ends them, gives up on targets that stay away, and forgets what is old. */
import type { JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import { isShareOver, type JobRecord } from "@ais/cluster/jobs/job-record.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import { jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { awayTargets, outOfService } from "@ais/wire/rmd.ts";
import { findNode } from "@ais/wire/smap.ts";
import { wayOut } from "../membership/give-up-away.ts";
import { concludeRebalance } from "../membership/rebalance.ts";
import { type PrimaryDuty, startPrimaryDuty } from "../primary-duty.ts";
import type { ProxyServices } from "../services.ts";
import { isRebalanceOfInterest, stopForRebalance } from "./beside-rebalance.ts";
import { concludeMove, reopenOrphans } from "./conclude-move.ts";
import { isDisturbed, repeatJob } from "./repeat-job.ts";
import { goesOnWithout } from "./without-given-up.ts";

export interface JobKeeperTimes {
  /** A target that is out of the cluster map for so long does not come back in time for its jobs. */
  readonly absenceMaxMs: number;
  /** Jobs that idle stay so long after their work is done: clients look for them. */
  readonly idleMs: number;
  readonly historyMaxMs: number;
}

export const JOB_KEEPER_TIMES: JobKeeperTimes = {
  absenceMaxMs: 60_000,
  idleMs: 10_000,
  historyMaxMs: 24 * 3_600_000,
};

const HISTORY_MAX_COUNT = 1000;
const TICK_MS = 1000;
const PING_TIMEOUT_MS = 2000;
const NS_PER_MS = 1_000_000n;

export function startJobKeeper(
  services: ProxyServices,
  times: JobKeeperTimes = JOB_KEEPER_TIMES,
): PrimaryDuty {
  /** Since when a target is missed, by id. */
  const missingSinceMs = new Map<string, number>();
  const look = (): Promise<void> => keep(services, times, missingSinceMs);
  return startPrimaryDuty(services, TICK_MS, "look after the jobs", look);
}

async function keep(
  services: ProxyServices,
  times: JobKeeperTimes,
  missingSinceMs: Map<string, number>,
): Promise<void> {
  const { jobs, member } = services;
  await noteMissing(services, missingSinceMs);
  const entries = jobs.list();
  for (const entry of entries) {
    if (!member.isPrimary) return;
    if (entry.record.end === null) await look(entry, services, times, missingSinceMs);
  }
  await reopenOrphans(services);
  await forget(entries, services, times);
}

async function look(
  entry: JobEntry,
  services: ProxyServices,
  times: JobKeeperTimes,
  missingSinceMs: ReadonlyMap<string, number>,
): Promise<void> {
  const { clock, jobs } = services;
  const { record, shares } = entry;
  const open = record.targets.filter((id) => {
    const share = shares.get(id);
    return share === undefined || !isShareOver(record, share);
  });
  const absent = open.filter((id) => missingSinceMs.has(id));
  if (record.stop === null) {
    // Looked at anew once the record says so.
    if (absent.length > 0 && (await goesOnWithout(record, absent, services))) return;
    const lost = absent.find((id) => clock.nowMs() - (missingSinceMs.get(id) ?? 0) > times.absenceMaxMs);
    if (lost !== undefined) {
      const stop = { reason: lostText(lost, services), timeNs: clock.nowNs().toString() };
      await jobs.update(record.id, (current) => (current.stop === null ? { ...current, stop } : null));
      return;
    }
    if (open.length > 0) return;
  } else if (open.length > absent.length) return;
  if (record.stop === null && isIdling(entry, clock.nowNs(), times)) return;
  await conclude(entry, services);
}

function lostText(id: string, { member }: ProxyServices): string {
  const { smap, rmd } = member.snapshot;
  const text = `t[${id}] left the cluster`;
  return awayTargets(smap, rmd).includes(id) ? `${text}; ${wayOut(id)}` : text;
}

/** Every share idles, and not for long enough. */
function isIdling({ record, shares }: JobEntry, nowNs: bigint, { idleMs }: JobKeeperTimes): boolean {
  const own = record.targets.flatMap((id) => shares.get(id) ?? []);
  if (!own.some(({ state }) => state === "idle")) return false;
  const lastNs = own.reduce((last, { endedNs }) => (BigInt(endedNs) > last ? BigInt(endedNs) : last), 0n);
  return nowNs - lastNs < BigInt(idleMs) * NS_PER_MS;
}

async function conclude(entry: JobEntry, services: ProxyServices): Promise<void> {
  const { clock, jobs, logger } = services;
  const { record, shares } = (await jobs.refresh(entry.record.id)) ?? entry;
  if (record.end !== null) return;
  const hasMissed = await isDisturbed({ record, shares }, services);
  if (hasMissed && record.stop === null) {
    if (jobEntry(record.kind).repeatedAfterRebalance === true) return repeatJob(record, services);
    // The reason is written down before anything is concluded from it, at the look that this causes.
    return stopForRebalance(record.id, services);
  }
  const own = record.targets.map((id) => shares.get(id) ?? null);
  let aborted =
    hasMissed ||
    own.some((share) => share === null || !isShareOver(record, share) || share.state === "aborted");
  // Stopped while it idles: all that it was asked for is done, and who stopped it is told that it is stopped, as by AIStore.
  aborted ||= record.stop !== null && own.some((share) => share?.state === "idle");
  if (record.kind === "move-bck") aborted = !(await concludeMove(record, !aborted, services));
  if (record.kind === "rebalance") {
    // An object that could not be moved is where it was: the rest has been done, but not the whole.
    aborted ||= own.some((share) => share !== null && share.error !== "");
    await concludeRebalance(record, !aborted, services);
  }
  const failure = own.find((share) => share !== null && share.error !== "")?.error ?? "";
  const reason = aborted ? (record.stop?.reason ?? "") : "";
  const error = [failure, reason]
    .filter((text, index, all) => text !== "" && all.indexOf(text) === index)
    .join("; ");
  const end = { timeNs: clock.nowNs().toString(), aborted, error };
  // A summary's arguments say what its result is about, and are short.
  const trim = (current: JobRecord): unknown => (current.kind === "summary-bck" ? current.args : null);
  await jobs.update(record.id, (current) =>
    current.end === null ? { ...current, end, args: trim(current) } : null,
  );
  const bucket = record.from === null ? "" : bucketCname(record.from.bucket);
  logger.log("info", "ended a job", { job: record.id, kind: record.kind, bucket, aborted, error });
}

async function noteMissing(services: ProxyServices, missingSinceMs: Map<string, number>): Promise<void> {
  const { jobs, clock } = services;
  const wanted = new Set(jobs.list().flatMap(({ record }) => (record.end === null ? record.targets : [])));
  for (const id of missingSinceMs.keys()) if (!wanted.has(id)) missingSinceMs.delete(id);
  for (const id of wanted) {
    if (await isThere(id, services)) missingSinceMs.delete(id);
    else if (!missingSinceMs.has(id)) missingSinceMs.set(id, clock.nowMs());
  }
}

/** A node in maintenance stays in the cluster map without its process, so it is asked. */
async function isThere(id: string, services: ProxyServices): Promise<boolean> {
  const { smap, rmd } = services.member.snapshot;
  const node = findNode(smap, id);
  if (node === null || outOfService(rmd, id)?.final !== true) return node !== null;
  const request = { method: "GET", path: PATHS.health, timeoutMs: PING_TIMEOUT_MS };
  return (await callPeer(node, request, NOOP_SPAN, services).catch(() => null))?.status === 200;
}

async function forget(
  entries: readonly JobEntry[],
  { jobs, clock }: ProxyServices,
  { historyMaxMs }: JobKeeperTimes,
): Promise<void> {
  const ended = entries.filter(({ record }) => record.end !== null);
  const open = entries.flatMap(({ record }) => (record.end === null ? [record] : []));
  const oldestNs = clock.nowNs() - BigInt(historyMaxMs) * NS_PER_MS;
  for (const [index, { record }] of ended.entries()) {
    const isOld = BigInt(record.end?.timeNs ?? 0) < oldestNs;
    if (!isOld && index >= ended.length - HISTORY_MAX_COUNT) continue;
    if (!isRebalanceOfInterest(record, open)) await jobs.remove(record.id);
  }
}
