/** Jobs as clients see them (wire-compat 6.1, 6.2). */
import type { JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import { type JobRecord, type JobShare, type JobStats, NO_STATS } from "@ais/cluster/jobs/job-record.ts";
import { sameBucket } from "@ais/wire/bck.ts";
import { rfc3339Nano } from "@ais/wire/go-time.ts";
import { type JobKind, jobEntry } from "@ais/wire/jobs/job-kinds.ts";
import type { JobQuery } from "@ais/wire/jobs/job-query.ts";
import { EMPTY_BCK, type JobSnap, type JobStatsJson, type JobStatus } from "@ais/wire/jobs/job-snap.ts";

/** `glob.id` is packed: joggers of mountpaths, which are none here, then workers of 10 bits (wire-compat 6.1). */
const WORKERS_SHIFT = 10;

/** One target's snap. A target that has not begun yet has no share. */
export function jobSnap(record: JobRecord, share: JobShare | null): JobSnap {
  const { from, to, end, stop } = record;
  // What may be gone over again is over once the job is.
  const isDone = share?.state === "done" && jobEntry(record.kind).repeatedAfterRebalance !== true;
  const isOver = end !== null || isDone || share?.state === "aborted";
  const aborted = end?.aborted ?? share?.state === "aborted";
  const endedNs = !isOver
    ? 0n
    : share !== null && share.endedNs !== "0"
      ? BigInt(share.endedNs)
      : BigInt(end?.timeNs ?? 0);
  const waiting = share !== null && !isOver && share.waitingFor !== "" ? `waiting: ${share.waitingFor}` : "";
  const resumed = share !== null && share.runs > 1 ? resumedText(record) : "";
  const message = [record.description, resumed, waiting].filter((part) => part !== "").join("; ");
  return {
    ext: null,
    "start-time": rfc3339Nano(BigInt(share?.startedNs ?? record.startedNs)),
    "end-time": rfc3339Nano(endedNs),
    bck: from !== null && to === null ? from.bucket : EMPTY_BCK,
    "src-bck": from !== null && to !== null ? from.bucket : EMPTY_BCK,
    "dst-bck": from !== null && to !== null ? to.bucket : EMPTY_BCK,
    id: record.id,
    kind: record.kind,
    ...(message === "" ? {} : { ctlmsg: message }),
    "abort-err": aborted ? (stop?.reason ?? end?.error ?? "") : "",
    err: share?.error ?? (end?.aborted === true ? end.error : ""),
    "glob.id": String((share?.workers ?? 0) << WORKERS_SHIFT),
    stats: statsJson(share?.stats ?? NO_STATS),
    aborted,
    is_idle: isOver || share?.state === "idle",
  };
}

/** Kinds whose work leaves no trace to be counted again by: a process that is killed takes its newest figures along. */
const FORGETFUL_KINDS: readonly JobKind[] = ["rebalance", "promote", "lru", "cleanup-store"];

function resumedText({ kind }: JobRecord): string {
  const what = "resumed after a restart";
  return FORGETFUL_KINDS.includes(kind)
    ? `${what}: the figures may leave out what was done in the seconds before it`
    : what;
}

export function jobStatus({ record, shares }: JobEntry): JobStatus {
  const { end } = record;
  const idle = record.targets.every((id) => shares.get(id)?.state === "idle");
  return {
    kind: record.kind,
    uuid: record.id,
    err: end?.error ?? "",
    end_time: BigInt(end?.timeNs ?? 0),
    aborted: end?.aborted ?? false,
    is_idle: end !== null || (jobEntry(record.kind).idles === true && idle),
  };
}

/** Whether a query means this job. */
export function matchesQuery(record: JobRecord, query: JobQuery): boolean {
  if (query.ids.length > 0 && !query.ids.includes(record.id)) return false;
  if (query.kind !== null && query.kind !== record.kind) return false;
  if (query.onlyRunning && record.end !== null) return false;
  if (query.buckets.length === 0) return true;
  const own = [record.from, record.to].flatMap((named) => (named === null ? [] : [named.bucket]));
  return query.buckets.some((wanted) => own.some((bucket) => sameBucket(bucket, wanted)));
}

function statsJson(stats: JobStats): JobStatsJson {
  return {
    "loc-objs": String(stats.objects),
    "loc-bytes": String(stats.bytes),
    "out-objs": String(stats.sentObjects),
    "out-bytes": String(stats.sentBytes),
    "in-objs": String(stats.receivedObjects),
    "in-bytes": String(stats.receivedBytes),
  };
}
