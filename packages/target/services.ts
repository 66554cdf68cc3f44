import type { Clock } from "@ais/base/clock.ts";
import type { Hrw } from "@ais/hrw/hrw.ts";
import type { DispatchTable, NodeServices } from "@ais/node/call.ts";
import type { JobRunner } from "@ais/node/jobs/job-runner.ts";
import type { DiskRatesReader } from "@ais/storage/disk-rates.ts";
import type { ObjectStore } from "@ais/storage/types.ts";
import type { Operation } from "@ais/wire/operations.ts";
import type { BucketGate } from "./bucket-gate.ts";
import type { BucketSweep } from "./bucket-sweep.ts";
import type { ListingJobs } from "./jobs/listing-jobs.ts";
import type { ShareHolds } from "./jobs/share-holds.ts";
import type { Claims } from "./placement/claims.ts";
import type { HandOver, Sending } from "./placement/hand-over.ts";
import type { RecentReads } from "./space/recent-reads.ts";
import type { SpaceGuard } from "./space/space-guard.ts";
import type { StorageJobs } from "./storage-jobs.ts";

/** What the handlers of a target may use. */
export interface TargetServices extends NodeServices {
  /** As requests see it, with what is still at other targets while placement is not settled. */
  readonly store: ObjectStore;
  /** What this target itself holds. */
  readonly localStore: ObjectStore;
  readonly handOver: Sending & Pick<HandOver, "drop" | "keep" | "isUnderWay">;
  readonly claims: Pick<Claims, "fetchNewer">;
  readonly hrw: Hrw;
  readonly storageJobs: Pick<StorageJobs, "start" | "status" | "stop">;
  readonly clock: Clock;
  /** Of buckets with `lru.enabled`. */
  readonly recentReads: Pick<RecentReads, "note" | "lastReadMs" | "forget">;
  readonly space: Pick<SpaceGuard, "state">;
  readonly bucketGate: Pick<BucketGate, "writers">;
  readonly jobRunner: Pick<JobRunner, "live" | "received">;
  readonly shareHolds: Pick<ShareHolds, "done" | "takeCrossed">;
  readonly listingJobs: Pick<ListingJobs, "page" | "list" | "stop">;
  /** Files are promoted from below this directory and from nowhere else. */
  readonly promoteRoot: string;
  readonly diskRates: Pick<DiskRatesReader, "read">;
  readonly bucketSweep: Pick<BucketSweep, "requestedBy">;
}

/** What a target does itself; the rest of the operations are a proxy's. */
export type TargetOperation = Extract<
  Operation,
  | "object.get"
  | "object.put"
  | "object.head"
  | "object.delete"
  | "object.post"
  | "object.patch"
  | "daemon.get"
  | "daemon.set-config"
  | "daemon.act"
  | "storage.status"
  | "storage.start"
  | "storage.stop"
  | "health.get"
  | "metrics.get"
  | "intra.list"
  | "intra.object-put"
  | "intra.job-object"
  | "intra.jobs"
  | "intra.listing-stop"
  | "intra.promote"
  | "intra.promote-scan"
  | "intra.hand-over"
  | "intra.drop"
  | "intra.missing"
  | "intra.sync"
  | "intra.trace-export"
  | "intra.trace-tail"
  | "intra.trace-test"
>;

export type TargetDispatch = DispatchTable<TargetServices, TargetOperation>;
