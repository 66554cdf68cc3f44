/** The last step of a rename: the old bucket vanishes, or opens again when the job did not come to its end. */
import { errorText, isAisError } from "@ais/base/errors.ts";
import type { JobRecord } from "@ais/cluster/jobs/job-record.ts";
import { JOB_ATTRIBUTE, JOB_SPAN } from "@ais/node/jobs/job-span-names.ts";
import { sameBucket } from "@ais/wire/bck.ts";
import { findBucket, listBuckets, withBucket, withoutBucket } from "@ais/wire/bmd.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

/**
 * True when the bucket has its new name. A predecessor may have died in the middle, so the BMD tells what was decided: once
 * the old bucket is out of it, the rename is done.
 */
export async function concludeMove(
  record: JobRecord,
  isMoved: boolean,
  services: ProxyServices,
): Promise<boolean> {
  const { member, tracing, jobs } = services;
  const { from } = record;
  if (from === null) return false;
  // Whoever asked to stop in time is heard: nothing has been decided before this step.
  const asked = (await jobs.refresh(record.id))?.record.stop ?? null;
  const span = tracing.startRoot(JOB_SPAN.root(record.kind), record.trace === null ? [] : [record.trace]);
  span.set(JOB_ATTRIBUTE.id, record.id);
  span.set(JOB_ATTRIBUTE.kind, record.kind);
  try {
    let isGone = true;
    const snapshot = await member.updateBmd((bmd) => {
      const props = findBucket(bmd, from.bucket);
      isGone = props === null || props.bid !== from.bid;
      if (props === null || isGone) return null;
      if (!isMoved || asked !== null) return withBucket(bmd, from.bucket, { ...props, Renamed: "" });
      isGone = true;
      return withoutBucket(bmd, from.bucket);
    }, span);
    await syncDocument("bmd", snapshot, { span }, services);
    span.set(JOB_ATTRIBUTE.outcome, isGone ? "done" : "aborted");
    return isGone;
  } catch (error) {
    span.fail(isAisError(error) ? error.code : "internal", errorText(error));
    throw error;
  } finally {
    span.end();
  }
}

/** How long a bucket may be marked as renamed without a job that renames it: the job is written after the mark. */
const ORPHAN_AGE_MS = 30_000;

/** Opens buckets whose rename began and whose job was never written, because the proxy died in between. */
export async function reopenOrphans(services: ProxyServices): Promise<void> {
  const { member, jobs, clock, logger, tracing } = services;
  const marked = listBuckets(member.snapshot.bmd).filter(({ props }) => props.Renamed !== "");
  for (const { bucket, props } of marked) {
    const isKnown = jobs.list().some(({ record }) => record.end === null && record.from?.bid === props.bid);
    const successors = listBuckets(member.snapshot.bmd).map((entry) => BigInt(entry.props.created));
    const youngestNs = successors.reduce((young, each) => (each > young ? each : young), 0n);
    // The destination was made with the mark, so while any bucket is young the mark may be.
    if (isKnown || clock.nowNs() - youngestNs < BigInt(ORPHAN_AGE_MS) * 1_000_000n) continue;
    const span = tracing.startRoot("ais.job.reopen");
    try {
      await member.updateBmd((bmd) => {
        const current = findBucket(bmd, bucket);
        if (current === null || current.bid !== props.bid || current.Renamed === "") return null;
        return withBucket(bmd, bucket, { ...current, Renamed: "" });
      }, span);
    } catch (error) {
      span.fail(isAisError(error) ? error.code : "internal", errorText(error));
      throw error;
    } finally {
      span.end();
    }
    const still = listBuckets(member.snapshot.bmd).find((entry) => sameBucket(entry.bucket, bucket));
    if (still?.props.Renamed === "")
      logger.log("warn", "reopened a bucket whose rename never began", { bucket: bucket.name });
  }
}
