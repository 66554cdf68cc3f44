/**
 * `cleanup-store`: removes what is left of buckets that are gone, uploads that were given up, files that no record names
 * and that are older than `space.dont_cleanup_time`, and what only waits for its grace period: all of it of every bucket,
 * since nothing says any more of which one it was. Where it is asked for, objects without content go as well that were
 * not used for that time, of the buckets that are named.
 */

import { parseDurationNs } from "@ais/base/units.ts";
import { spaceJobArgs } from "@ais/cluster/jobs/space-args.ts";
import type { JobContext, JobWork, UnitOutcome } from "@ais/node/jobs/job-work.ts";
import type { ListedObject } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import { hasAccess } from "@ais/wire/access.ts";
import { type Bck, sameBucket } from "@ais/wire/bck.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { bucketId } from "@ais/wire/bprops.ts";
import type { TargetServices } from "../services.ts";
import { EachObject } from "./each-object.ts";
import { objectKey, openSource, type SourceBucket } from "./object-source.ts";

const NS_PER_MS = 1_000_000n;
const EVERYTHING = { names: [], template: "", prefix: "", nonRecursive: false };

export function cleanStore(context: JobContext, services: TargetServices): JobWork {
  const span = context.phase("clean");
  const buckets = bucketsToEmpty(context, services);
  let isSwept = false;
  let work: EachObject | null = null;
  return {
    async unit(signal): Promise<UnitOutcome> {
      if (!isSwept) {
        const waiting = await sweep(context, services, span);
        if (waiting !== null) return waiting;
        isSwept = true;
      }
      const [bucket] = buckets;
      if (bucket === undefined) return { kind: "done" };
      work ??= removeEmpty(bucket, context, services);
      const outcome = await work.unit(signal);
      if (outcome.kind !== "done") return outcome;
      work = null;
      buckets.shift();
      return { kind: buckets.length > 0 ? "worked" : "done" };
    },
    cursor: () => "",
  };
}

/** Null when it is done. */
async function sweep(
  context: JobContext,
  { store, member, metrics, logger }: TargetServices,
  span: Span,
): Promise<UnitOutcome | null> {
  // Read anew: data must not be taken for a dead bucket's because this node's BMD is old.
  await member.refresh("bmd", span);
  // Nothing is awaited between here and the store's look at its buckets, so a bucket made meanwhile is in the set.
  const { bmd, config } = member.snapshot;
  if (bmd.version === "0")
    return { kind: "waiting", reason: "the bucket metadata is not known yet", delayMs: 500 };
  const live = new Set(listBuckets(bmd).map(({ props }) => bucketId(props)));
  const [removed, uploads] = await Promise.all([
    store.sweepBuckets(live, span),
    store.uploads.sweep(live, span),
  ]);
  const youngestNs = parseDurationNs(config.space.dont_cleanup_time);
  const { files, bytes } = await store.sweepLeftOvers(Number(youngestNs / NS_PER_MS), span);
  await store.reclaimSpace(span);
  context.stats.objects += removed + files;
  context.stats.bytes += bytes;
  metrics.add("cleanup.store.n", removed + files);
  metrics.add("cleanup.store.size", bytes);
  logger.log("info", "cleaned the store", { objects: removed, uploads, files, bytes });
  return null;
}

function bucketsToEmpty({ record }: JobContext, { member }: TargetServices): SourceBucket[] {
  const { buckets, removesEmpty } = spaceJobArgs(record);
  if (!removesEmpty) return [];
  const isNamed = (bucket: Bck, bid: string): boolean =>
    buckets.length === 0 || buckets.some((named) => sameBucket(named.bucket, bucket) && named.bid === bid);
  return listBuckets(member.snapshot.bmd)
    .filter(({ bucket, props }) => hasAccess(props, "DELETE-OBJECT") && isNamed(bucket, props.bid))
    .map(({ bucket, props }) => ({ bucket, bucketId: bucketId(props) }));
}

function removeEmpty(bucket: SourceBucket, context: JobContext, services: TargetServices): EachObject {
  const { store, member, metrics, recentReads, clock } = services;
  const quietNs = parseDurationNs(member.snapshot.config.space.dont_cleanup_time);
  const isMeant = ({ objectName, attributes }: ListedObject): boolean => {
    if (attributes.sizeBytes > 0) return false;
    const readNs = BigInt(Math.round(recentReads.lastReadMs(objectKey(bucket, objectName)))) * NS_PER_MS;
    const usedNs = attributes.atimeNs > readNs ? attributes.atimeNs : readNs;
    return usedNs + quietNs <= clock.nowNs();
  };
  return new EachObject({
    context: { ...context, cursor: "" },
    source: openSource(store, bucket, EVERYTHING),
    workerCount: 0,
    continueOnError: true,
    async each(object) {
      if (!isMeant(object)) return;
      const key = objectKey(bucket, object.objectName);
      if (!(await store.deleteUnchanged(key, object.attributes, NOOP_SPAN))) return;
      context.stats.objects++;
      metrics.add("cleanup.store.n", 1);
    },
  });
}
