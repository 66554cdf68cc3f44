/** Makes a job known to the cluster; its targets take it from there. */
import { AisError } from "@ais/base/errors.ts";
import { limitReached } from "@ais/base/limits.ts";
import type { JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import { newJobId } from "@ais/cluster/jobs/job-id.ts";
import { encodeJobPart, type JobBucket, type JobRecord } from "@ais/cluster/jobs/job-record.ts";
import type { Call } from "@ais/node/call.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import { type JobKind, jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import { holderIds, holdingTargets, outOfService } from "@ais/wire/rmd.ts";
import type { ProxyServices } from "../services.ts";
import { metRebalance, requireNoRebalance, stopForRebalance } from "./beside-rebalance.ts";

export interface NewJob {
  readonly kind: JobKind;
  readonly from: JobBucket | null;
  readonly to: JobBucket | null;
  /** One line for people. */
  readonly description: string;
  readonly args: unknown;
  /** Made up when absent. */
  readonly id?: string;
  /** Ids of the targets that work on it; when absent those that may hold objects, whether they are there or not. */
  readonly targets?: readonly string[];
}

/** Prefix of the ids of multi-object copies (wire-compat 0.3). */
const COPY_OBJECTS_PREFIX = "tco-";
/** Jobs that run or wait for their turn; more are refused. */
const OPEN_JOBS_MAX = 256;
/** Characters of JSON: every node holds what is to be done, and lists of names may be long. */
const JOBS_SIZE_MAX_CHARS = 64 * 1024 * 1024;

/** Resolves with the job's id once the coordinator has it. Throws `unavailable` without targets. */
export async function startJob(
  job: NewJob,
  call: Pick<Call, "span">,
  services: ProxyServices,
): Promise<string> {
  const { jobs, clock, facts, logger } = services;
  const targets = [...(job.targets ?? targetsOf(job, services))];
  if (targets.length === 0)
    throw new AisError(
      "unavailable",
      `failed to start a job of kind "${job.kind}": the cluster has no active targets`,
    );
  const newestRebalance = await requireNoRebalance(job.kind, services, call.span);
  if (jobs.list().filter(({ record }) => record.end === null).length >= OPEN_JOBS_MAX)
    throw limitReached("open_jobs", `failed to start a job: ${OPEN_JOBS_MAX} jobs have not ended yet`);
  const id = job.id ?? `${job.kind === "copy-listrange" ? COPY_OBJECTS_PREFIX : ""}${newJobId()}`;
  const { kind, from, to, description, args } = job;
  const { abortedByRebalance, repeatedAfterRebalance } = jobEntry(kind);
  const isAborted = abortedByRebalance === true;
  const { traceId, spanId, traceFlags } = call.span.context;
  const record: JobRecord = {
    id,
    kind,
    from,
    to,
    description,
    args,
    startedNs: clock.nowNs().toString(),
    startedBy: facts.id,
    trace: /^0+$/.test(traceId) ? null : { traceId, spanId, traceFlags },
    targets: [...targets],
    ...(isAborted || repeatedAfterRebalance === true ? { afterRebalance: newestRebalance } : {}),
    stop: null,
    end: null,
  };
  if (jobs.sizeChars + encodeJobPart(record).length > JOBS_SIZE_MAX_CHARS)
    throw limitReached(
      "open_jobs",
      "failed to start a job: too much is to be done by others that have not ended yet",
    );
  await jobs.create(record, call.span);
  // One that began in this moment may have looked for jobs before this one was there.
  if (isAborted && (await metRebalance(record, services, call.span)))
    await stopForRebalance(id, services, call.span);
  await stopUnlessWhole(record, call, services);
  call.span.set("ais.job.id", id);
  const bucket = job.from === null ? "" : bucketCname(job.from.bucket);
  logger.log("info", "started a job", { job: id, kind: job.kind, bucket, what: job.description }, call.span);
  return id;
}

/** What these kinds leave out would be lost (a bucket that is renamed is gone in the end), or be told as done. */
const WHOLE_KINDS: readonly JobKind[] = ["copy-bck", "copy-listrange", "delete-listrange", "move-bck"];

/** Whether jobs of this kind must leave out no target that may hold objects. */
export function isWhole(kind: JobKind): boolean {
  return WHOLE_KINDS.includes(kind);
}

/** Those that may hold objects; for work that must be whole also those out of service, and those that are not there: it waits. */
function targetsOf({ kind }: NewJob, { member }: ProxyServices): readonly string[] {
  const { smap, rmd } = member.snapshot;
  if (isWhole(kind)) return holderIds(smap, rmd);
  const holding = holdingTargets(smap, rmd).map((node) => node.daemon_id);
  return holding.filter((id) => outOfService(rmd, id)?.final !== true);
}

/**
 * From now on targets hold back what the job has yet to come to; before, objects may have gone to one that this proxy did not
 * know of when it said who has a share.
 */
async function stopUnlessWhole(
  { id, kind, targets }: JobRecord,
  { span }: Pick<Call, "span">,
  { jobs, member, clock }: ProxyServices,
): Promise<void> {
  if (!isWhole(kind)) return;
  await member.refresh("smap", span);
  const { smap, rmd } = await member.refresh("rmd", span);
  const missed = holderIds(smap, rmd).find((each) => !targets.includes(each));
  if (missed === undefined) return;
  const stop = { reason: `t[${missed}] came when the job began`, timeNs: clock.nowNs().toString() };
  await jobs.update(
    id,
    (current) => (current.end === null && current.stop === null ? { ...current, stop } : null),
    span,
  );
}

/** Null when no rebalance runs. */
export function openRebalance({ jobs }: ProxyServices): JobEntry | null {
  return jobs.list().find(({ record }) => record.kind === "rebalance" && record.end === null) ?? null;
}
