/** The composition root of a target. */
import { must } from "@ais/base/assert.ts";
import { type Clock, systemClock } from "@ais/base/clock.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import type { NodeServices } from "@ais/node/call.ts";
import { startBunServer } from "@ais/node/http/bun-serve.ts";
import type { HttpHandler, StartHttpServer } from "@ais/node/http/types.ts";
import { requireNode } from "@ais/node/intra-auth.ts";
import { startJobRunner } from "@ais/node/jobs/job-runner.ts";
import { exposeState } from "@ais/node/node-state.ts";
import { createPipeline } from "@ais/node/pipeline.ts";
import { plainHost, type RoleHost } from "@ais/node/workers/worker-host.ts";
import type { WorkerPool } from "@ais/node/workers/worker-pool.ts";
import { DiskRatesMeter, DiskRatesReader } from "@ais/storage/disk-rates.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import { runOfFileId } from "@ais/storage/files/object-path.ts";
import type { StorageLimits } from "@ais/storage/limits.ts";
import { type OwnerStore, openObjectStore } from "@ais/storage/object-store.ts";
import type { ObjectStore } from "@ais/storage/types.ts";
import { PROMOTE_ROOT } from "@ais/wire/promote.ts";
import { createBucketGate } from "./bucket-gate.ts";
import { type BucketSweep, startBucketSweep } from "./bucket-sweep.ts";
import { exposeChecks } from "./check-metrics.ts";
import { exposeDisks } from "./disk-metrics.ts";
import { TARGET_DISPATCH } from "./dispatch.ts";
import { evictableBuckets } from "./jobs/evict-least-used.ts";
import { ListingJobs } from "./jobs/listing-jobs.ts";
import { ShareHolds } from "./jobs/share-holds.ts";
import { targetWorks } from "./jobs/target-works.ts";
import { Claims } from "./placement/claims.ts";
import { HandOver } from "./placement/hand-over.ts";
import { createSettlingStore } from "./placement/settling-store.ts";
import { limitsOfOne } from "./process-limits.ts";
import type { TargetServices } from "./services.ts";
import { RecentReads } from "./space/recent-reads.ts";
import { createSpaceGuard } from "./space/space-guard.ts";
import { startSpaceKeeper } from "./space/space-keeper.ts";
import { StorageJobs } from "./storage-jobs.ts";
import { exposeStorage } from "./storage-metrics.ts";

export interface TargetOptions extends NodeServices {
  /** Directories that exist and belong to this target alone. */
  readonly mountpaths: readonly string[];
  readonly clock?: Clock;
  /** Absolute; `PROMOTE_ROOT` when absent. */
  readonly promoteRoot?: string;
  readonly limits?: Partial<StorageLimits>;
  /** The processes that serve the same objects. */
  readonly pool?: Pick<WorkerPool, "count" | "held" | "mayHaveRun" | "settled">;
  /** For tests: what a bad disk would do. */
  readonly faults?: StorageFaults;
  /** For tests. A store given here is the caller's to close. */
  readonly overrides?: Partial<TargetServices>;
}

export interface Target extends AsyncDisposable {
  /** Serves every operation of a target. */
  readonly handler: HttpHandler;
  readonly store: ObjectStore;
  readonly sweep: BucketSweep;
  /** For its workers. */
  readonly host: RoleHost;
}

/** A transfer goes on when the worker that asked for it has ended: the object belongs there. */
const NEVER = new AbortController().signal;

/** Files go from kernel to kernel with this one (design.md 2). */
export const startTargetServer: StartHttpServer = startBunServer;

/**
 * Opens the store and resolves when the target can serve. The member's snapshot must hold the cluster's documents: the
 * cluster's uuid is checked against the one that the mountpaths belong to. Disposing it closes the store; stop the HTTP
 * server first.
 */
export async function createTarget(options: TargetOptions): Promise<Target> {
  const {
    clock = systemClock,
    promoteRoot = PROMOTE_ROOT,
    overrides = {},
    mountpaths: _,
    limits: __,
    faults: ___,
    pool: ____,
    ...node
  } = options;
  await using stack = new AsyncDisposableStack();
  const opened = overrides.store === undefined ? stack.use(await openStore(options, clock)) : null;
  const store = must(overrides.store ?? opened, "there is a store");
  const storageJobs = stack.use(new StorageJobs({ ...node, store, clock }));
  const space = createSpaceGuard(store, node.member, clock);
  const gate = createBucketGate(space.store, node.member);
  const hrw = await loadHrw();
  const { member, metrics, intraAuth, workers } = node;
  const nodeId = node.facts.id;
  const holds = new ShareHolds(overrides.jobs ?? node.jobs, nodeId);
  const handOver = new HandOver({ store, member, hrw, metrics, intraAuth, nodeId, workers, holds });
  const claims = stack.use(new Claims({ member, caller: node, hrw, nodeId }));
  const services: TargetServices = {
    ...node,
    store: createSettlingStore({ local: gate.store, member, claims, handOver, nodeId }),
    localStore: space.store,
    handOver,
    claims,
    hrw,
    shareHolds: holds,
    storageJobs,
    bucketGate: gate,
    clock,
    recentReads: new RecentReads(),
    space,
    alertFlags: () => space.state().flags,
    // The runner works with these services, so it comes after them.
    jobRunner: { live: () => runner.live(), received: (id, bytes) => runner.received(id, bytes) },
    promoteRoot,
    diskRates: new DiskRatesReader(clock),
    listingJobs: new ListingJobs(node.facts.id, clock),
    bucketSweep: { requestedBy: (cause) => sweep.requestedBy(cause) },
    ...overrides,
  };
  const { jobs, tracing, logger, facts } = services;
  const works = targetWorks(services);
  const runner = stack.use(startJobRunner({ jobs, works, nodeId: facts.id, tracing, logger, clock }));
  const canEvict = (): boolean => evictableBuckets(services).length > 0;
  const keeperOptions = { guard: space, jobs, nodeId: facts.id, canEvict, logger, clock };
  stack.use(startSpaceKeeper(keeperOptions));
  exposeState(services);
  exposeStorage(services.metrics, store);
  exposeChecks(services.metrics, store);
  exposeDisks(services.metrics, store, await DiskRatesMeter.start(clock));
  const sweep = stack.use(startBucketSweep(services));
  const handler = createPipeline({
    role: "target",
    dispatch: TARGET_DISPATCH,
    services,
    clock,
    authenticate: (call) => requireNode(call, services),
  });
  const host = opened === null ? plainHost(handler) : storeHost(handler, opened, services);
  const resources = stack.move();
  return { handler, store, sweep, host, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function openStore(
  { mountpaths, member, facts, logger, tracing, limits = {}, faults, pool }: TargetOptions,
  clock: Clock,
): Promise<OwnerStore> {
  return openObjectStore({
    mountpaths,
    clusterUuid: member.snapshot.smap.uuid,
    nodeId: facts.id,
    clock,
    logger,
    tracing,
    limits: pool === undefined ? limits : limitsOfOne(pool.count + 1, limits),
    ...(faults === undefined ? {} : { faults }),
    ...(pool === undefined
      ? {}
      : {
          guests: (mountpath) => ({
            held: (fileIds) => pool.held(mountpath, fileIds),
            mayWrite: (fileId) => pool.mayHaveRun(mountpath, runOfFileId(fileId)),
            settled: () => pool.settled(),
          }),
        }),
  });
}

function storeHost(
  handler: HttpHandler,
  store: OwnerStore,
  { jobRunner, listingJobs, recentReads, handOver }: TargetServices,
): RoleHost {
  return {
    handler,
    lockDescriptors: store.lockDescriptors,
    retire: (mountpath, fileId, cause) => store.retire(mountpath, fileId, cause),
    expedite: (mountpath) => store.expedite(mountpath),
    jobObject: (jobId, bytes) => jobRunner.received(jobId, bytes),
    listed: (id, bucket, bid, objectCount) => listingJobs.page(id, bucket, bid, objectCount),
    recentReads: (reads) => {
      for (const { key, atMs } of reads) recentReads.note(key, atMs);
    },
    handOver: (name) => handOver.run(name, "", NEVER),
    keepObject: (uname) => handOver.keep(uname),
    workerEnded: (runs) => store.guestEnded(runs),
  };
}
