/** Summaries of buckets by way of a job (wire-compat 4.7): 202 with an id, then 202, 206 or 200 for that id. */
import { AisError } from "@ais/base/errors.ts";
import type { JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import type { JobBucket } from "@ais/cluster/jobs/job-record.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply, textReply } from "@ais/node/replies.ts";
import { type BucketFilter, listBuckets } from "@ais/wire/bmd.ts";
import {
  addFigures,
  type BucketFigures,
  bucketSummaryJson,
  NO_FIGURES,
} from "@ais/wire/jobs/bucket-summary.ts";
import { parseSummaryMsg } from "@ais/wire/jobs/job-messages.ts";
import { withoutWildcard } from "@ais/wire/lso.ts";
import * as v from "valibot";
import type { ProxyServices } from "../services.ts";
import { jobNotFound } from "./query-jobs.ts";
import { startJob } from "./start-job.ts";

export type BucketSummary = ReturnType<typeof bucketSummaryJson>;

export interface SummaryState {
  readonly id: string;
  /** 202 nothing yet, 206 of some targets, 200 of all. */
  readonly status: 202 | 206 | 200;
  readonly summaries: readonly BucketSummary[];
}

/** The answer to action `summary-bck`: of one bucket, or of all that match. */
export async function summaryReply(
  value: unknown,
  buckets: () => Promise<readonly JobBucket[]>,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply> {
  const message = parseSummaryMsg(value);
  if (message.uuid === "") {
    const state = await startSummary(await buckets(), message.prefix, call, services);
    return textReply(state.id, [], state.status);
  }
  const { status, summaries } = await summaryState(message.uuid, call, services);
  return jsonReply(summaries, [], status);
}

export function allBuckets(filter: BucketFilter, { member }: ProxyServices): readonly JobBucket[] {
  return listBuckets(member.snapshot.bmd, filter).map(({ bucket, props }) => ({ bucket, bid: props.bid }));
}

export async function startSummary(
  buckets: readonly JobBucket[],
  prefix: string,
  call: Call,
  services: ProxyServices,
): Promise<SummaryState> {
  const [only] = buckets;
  const from = buckets.length === 1 && only !== undefined ? only : null;
  const args = { buckets, prefix: withoutWildcard(prefix).replace(/^\/+/, "") };
  const description = prefix === "" ? "" : `prefix: ${prefix}`;
  const id = await startJob({ kind: "summary-bck", from, to: null, description, args }, call, services);
  return { id, status: 202, summaries: [] };
}

/** Throws `notFound` for an id of no summary, and what the summary failed of. */
export async function summaryState(
  id: string,
  { span }: Pick<Call, "span">,
  { jobs }: ProxyServices,
): Promise<SummaryState> {
  const entry = jobs.get(id) ?? (await jobs.refresh(id, span));
  if (entry === null || entry.record.kind !== "summary-bck") throw jobNotFound(id);
  const { end, targets } = entry.record;
  if (end?.aborted === true) throw new AisError("unavailable", `summary "${id}" was aborted: ${end.error}`);
  const done = targets.filter((nodeId) => entry.shares.get(nodeId)?.state === "done").length;
  const status = done === targets.length ? 200 : done === 0 ? 202 : 206;
  return { id, status, summaries: status === 202 ? [] : summariesOf(entry) };
}

const FiguresSchema = v.object({
  objectCount: v.number(),
  totalBytes: v.number(),
  smallestBytes: v.number(),
  largestBytes: v.number(),
});
const ResultSchema = v.object({ figures: v.array(FiguresSchema), disksBytes: v.number() });
const ArgsSchema = v.object({
  buckets: v.array(
    v.object({ bucket: v.custom<JobBucket["bucket"]>((value) => value !== null), bid: v.string() }),
  ),
});

function summariesOf({ record, shares }: JobEntry): readonly BucketSummary[] {
  const { buckets } = v.parse(ArgsSchema, record.args);
  const results = [...shares.values()]
    .filter(({ state }) => state === "done")
    .map(({ result }) => v.parse(ResultSchema, result));
  const disksBytes = results.reduce((sum, result) => sum + result.disksBytes, 0);
  return buckets.map(({ bucket }, index) => {
    const figures = results.reduce<BucketFigures>(
      (sum, result) => addFigures(sum, result.figures[index] ?? NO_FIGURES),
      NO_FIGURES,
    );
    return bucketSummaryJson(bucket, figures, disksBytes);
  });
}
