/**
 * Removes in the background what no client can reach any more: the data of destroyed buckets, whenever the BMD has lost
 * one, and uploads in parts that were given up. Both once at the start, and every hour.
 */
import { errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { NodeLogger } from "@ais/node/logger.ts";
import type { ObjectStore } from "@ais/storage/types.ts";
import type { SpanContext, Tracing } from "@ais/tracing/types.ts";
import { type Bmd, listBuckets } from "@ais/wire/bmd.ts";
import { bucketId } from "@ais/wire/bprops.ts";

export interface BucketSweepOptions {
  readonly member: ClusterMember;
  readonly store: ObjectStore;
  readonly tracing: Tracing;
  readonly logger: NodeLogger;
}

export interface BucketSweep extends AsyncDisposable {
  /** Resolves when no sweep runs or waits. */
  idle(): Promise<void>;
  /** This request changed the BMD: a sweep that is about to begin is linked to it. */
  requestedBy(cause: SpanContext): void;
}

const SWEEP_INTERVAL_MS = 3_600_000;
/** The change may come by the watch before the request that made it does, which is then on its way. */
const CAUSE_WAIT_MS = 250;

export function startBucketSweep(options: BucketSweepOptions): BucketSweep {
  const { member } = options;
  let stopped = false;
  let isWaiting = false;
  let running: Promise<void> = Promise.resolve();
  let causes: SpanContext[] = [];
  let arrival = new AbortController();
  const request = (causeWaitMs: number): void => {
    if (isWaiting || stopped) return;
    isWaiting = true;
    causes = [];
    arrival = new AbortController();
    const { signal } = arrival;
    running = running.then(async () => {
      await sleep(causeWaitMs, signal);
      isWaiting = false;
      if (!stopped) await sweepOnce(options, causes);
    });
  };
  const unsubscribe = member.onChange(({ document, before, after }) => {
    if (document === "bmd" && hasLostBucket(before.bmd, after.bmd)) request(CAUSE_WAIT_MS);
  });
  const timer = setInterval(() => request(0), SWEEP_INTERVAL_MS);
  timer.unref();
  request(0);
  return {
    idle: () => running,
    requestedBy(cause) {
      if (!isWaiting) return;
      causes.push(cause);
      arrival.abort();
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      arrival.abort();
      clearInterval(timer);
      unsubscribe();
      await running;
    },
  };
}

/**
 * The buckets are read from the coordinator first: data must not be taken for a dead bucket's because this node's BMD is
 * old. A node that never saw a BMD sweeps nothing. A failed sweep is made up for by the next one.
 */
async function sweepOnce(
  { member, store, tracing, logger }: BucketSweepOptions,
  causes: readonly SpanContext[],
): Promise<void> {
  const span = tracing.startRoot("ais.job bucket-sweep", causes);
  try {
    await member.refresh("bmd", span);
    // Nothing is awaited between here and the store's look at its buckets, so a bucket created meanwhile is in the set.
    const { bmd } = member.snapshot;
    if (bmd.version === "0") return;
    const removed = await store.sweepBuckets(liveBucketIds(bmd), span);
    span.set("ais.job.removed", removed);
    const uploads = await store.uploads.sweep(liveBucketIds(member.snapshot.bmd), span);
    if (uploads > 0) logger.log("info", "removed uploads that were given up", { uploads }, span);
    if (removed > 0) logger.log("info", "removed objects of destroyed buckets", { objects: removed }, span);
  } catch (error) {
    span.exception(error);
    span.fail("bucket_sweep");
    logger.log("warn", "failed to remove objects of destroyed buckets", { error: errorText(error) }, span);
  } finally {
    span.end();
  }
}

function hasLostBucket(before: Bmd, after: Bmd): boolean {
  const live = liveBucketIds(after);
  return [...liveBucketIds(before)].some((id) => !live.has(id));
}

function liveBucketIds(bmd: Bmd): ReadonlySet<bigint> {
  return new Set(listBuckets(bmd).map(({ props }) => bucketId(props)));
}
