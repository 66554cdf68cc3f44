/** What the coordinator keeps of a job: `jobs/<id>`, written by whoever starts, stops and ends it, and one share for each target. */
import { AisError } from "@ais/base/errors.ts";
import { PROVIDERS } from "@ais/wire/bck.ts";
import { JOB_KINDS, type JobKind } from "@ais/wire/jobs/job-kinds.ts";
import { decodeJson, encodeJson } from "@ais/wire/json.ts";
import * as v from "valibot";

const Digits = v.pipe(v.string(), v.regex(/^\d+$/));

export const BucketSchema = v.object({
  bucket: v.object({
    name: v.string(),
    provider: v.picklist(PROVIDERS),
    namespace: v.object({ uuid: v.string(), name: v.string() }),
  }),
  /** Of the bucket as it was when the job began: one made again under the same name is another. */
  bid: Digits,
});

const RecordSchema = v.object({
  id: v.string(),
  kind: v.pipe(
    v.string(),
    v.check((kind) => Object.hasOwn(JOB_KINDS, kind)),
    v.transform((kind) => kind as JobKind),
  ),
  /** The bucket worked on; null for the whole cluster. */
  from: v.nullable(BucketSchema),
  /** Of a job with two buckets. */
  to: v.nullable(BucketSchema),
  /** One line for people. */
  description: v.string(),
  /** The kind's own; null once the job has ended, since lists of names may be long. */
  args: v.unknown(),
  /** Nanoseconds since the epoch. */
  startedNs: Digits,
  /** Id of the node that took the request. */
  startedBy: v.string(),
  /** Context of the request; null when nothing was traced. */
  trace: v.nullable(v.object({ traceId: v.string(), spanId: v.string(), traceFlags: v.number() })),
  /** Ids of the targets that have a share. */
  targets: v.array(v.string()),
  /**
   * Of a job that cannot live with a rebalance, or has to go over its objects again after one: the number of the newest one
   * that was over before the job's work (of this round) began, or that began when its work was over. A rebalance with a
   * greater number met it.
   */
  afterRebalance: v.exactOptional(v.number()),
  /** How often the targets were asked to go over their objects once more. A share of an earlier round is not over. */
  round: v.exactOptional(v.number()),
  /** Set once: the job is to end before its work is done. */
  stop: v.nullable(v.object({ reason: v.string(), timeNs: Digits })),
  /** Set once, when no share runs any more and what comes after them is done. */
  end: v.nullable(v.object({ timeNs: Digits, aborted: v.boolean(), error: v.string() })),
});

const StatsSchema = v.object({
  objects: v.number(),
  bytes: v.number(),
  sentObjects: v.number(),
  sentBytes: v.number(),
  receivedObjects: v.number(),
  receivedBytes: v.number(),
});

const AheadSchema = v.object({
  objects: v.number(),
  bytes: v.number(),
  /** The cursor behind it; empty at the end of the work. */
  until: v.string(),
});

export const NOTHING_AHEAD: JobAhead = { objects: 0, bytes: 0, until: "" };

const ShareSchema = v.object({
  nodeId: v.string(),
  /** `idle`: the work is done and the job stays a while for clients that wait for that. */
  state: v.picklist(["running", "idle", "done", "aborted"]),
  /** The job's when the work began. */
  round: v.exactOptional(v.number()),
  startedNs: Digits,
  /** When it stopped working; 0 before. */
  endedNs: Digits,
  /** Objects that it works on at a time; absent where that is not the kind's way to work. */
  workers: v.optional(v.number()),
  /** Once it is done: something may have been left out. */
  mustRepeat: v.exactOptional(v.boolean()),
  /** How often a process began to work on it in this round: more than once after a restart. */
  runs: v.number(),
  /** While it works: up to the cursor. What was done after it is done, or found done, again. */
  stats: StatsSchema,
  /** What is about to be done after the cursor and cannot be met again once it is: whatever is missing then was done. */
  ahead: v.optional(AheadSchema, NOTHING_AHEAD),
  /** Where to go on after a restart; the kind's own. */
  cursor: v.string(),
  /** Why it makes no progress now; empty when it does. */
  waitingFor: v.string(),
  /** The first failure; empty without. */
  error: v.string(),
  result: v.unknown(),
});

export type JobBucket = v.InferOutput<typeof BucketSchema>;
export type JobRecord = Readonly<v.InferOutput<typeof RecordSchema>>;
export type JobStats = v.InferOutput<typeof StatsSchema>;
export type JobAhead = Readonly<v.InferOutput<typeof AheadSchema>>;
export type JobShare = Readonly<v.InferOutput<typeof ShareSchema>>;

/** What a share waits for that cannot go on before placement is settled: a job with one of these does not end without a rebalance. */
export const WAITS_FOR_PLACEMENT = "objects are moving between targets";

export const NO_STATS: JobStats = {
  objects: 0,
  bytes: 0,
  sentObjects: 0,
  sentBytes: 0,
  receivedObjects: 0,
  receivedBytes: 0,
};

/** A share works no more, unless the job is repeated. */
export function isShareOver(record: JobRecord, share: JobShare): boolean {
  return share.state !== "running" && isOfThisRound(record, share);
}

export function isOfThisRound(record: Pick<JobRecord, "round">, share: Pick<JobShare, "round">): boolean {
  return (share.round ?? 0) === (record.round ?? 0);
}

export function parseJobRecord(text: string): JobRecord {
  return parse(RecordSchema, text, "job record");
}

export function parseJobShare(text: string): JobShare {
  return parse(ShareSchema, text, "job share");
}

/** Checks a share that came from another node. */
export function checkJobShare(value: unknown): JobShare {
  return check(ShareSchema, value, "job share");
}

export function encodeJobPart(part: JobRecord | JobShare): string {
  return encodeJson(part);
}

function parse<T>(schema: v.GenericSchema<unknown, T>, text: string, what: string): T {
  return check(schema, decodeJson(text), what);
}

function check<T>(schema: v.GenericSchema<unknown, T>, value: unknown, what: string): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new AisError("internal", `malformed ${what}: ${result.issues[0].message}`);
}
