/** A worker of a target: it serves objects through the same indexes, and hands everything else to the main process. */
import type { Clock } from "@ais/base/clock.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import type { NodeServices } from "@ais/node/call.ts";
import type { HttpHandler } from "@ais/node/http/types.ts";
import { requireNode } from "@ais/node/intra-auth.ts";
import { createPipeline } from "@ais/node/pipeline.ts";
import type { Channel } from "@ais/node/workers/channel.ts";
import type { ToMain, ToWorker } from "@ais/node/workers/protocol.ts";
import type { WorkerRole } from "@ais/node/workers/running-worker.ts";
import { DiskRatesReader } from "@ais/storage/disk-rates.ts";
import type { StorageFaults } from "@ais/storage/faults.ts";
import { openGuestStore } from "@ais/storage/guest-store.ts";
import { createBucketGate } from "./bucket-gate.ts";
import { exposeChecks } from "./check-metrics.ts";
import { TARGET_DISPATCH } from "./dispatch.ts";
import { AskedHandOver } from "./placement/asked-hand-over.ts";
import { Claims } from "./placement/claims.ts";
import { createSettlingStore } from "./placement/settling-store.ts";
import { limitsOfOne } from "./process-limits.ts";
import type { TargetDispatch, TargetServices } from "./services.ts";
import { createSpaceGuard } from "./space/space-guard.ts";
import { ToldReads } from "./space/told-reads.ts";
import { StorageJobs } from "./storage-jobs.ts";
import { exposeStorage } from "./storage-metrics.ts";

export interface TargetWorkerOptions {
  readonly services: NodeServices;
  readonly mountpaths: readonly string[];
  readonly promoteRoot: string;
  readonly processCount: number;
  readonly clock: Clock;
  readonly channel: Channel<ToMain, ToWorker>;
  /** Hands a request to the main process. */
  readonly relay: HttpHandler;
  readonly storage: { readonly faults: StorageFaults | null; readonly openWriteCount: number };
}

export interface TargetWorker extends AsyncDisposable {
  readonly handler: HttpHandler;
  readonly role: WorkerRole;
}

/** The way of the bytes of objects, and of the pages of listings. */
const DISPATCH = {
  "object.get": TARGET_DISPATCH["object.get"],
  "object.put": TARGET_DISPATCH["object.put"],
  "object.head": TARGET_DISPATCH["object.head"],
  "object.delete": TARGET_DISPATCH["object.delete"],
  "object.post": TARGET_DISPATCH["object.post"],
  "object.patch": TARGET_DISPATCH["object.patch"],
  "intra.list": TARGET_DISPATCH["intra.list"],
  "intra.object-put": TARGET_DISPATCH["intra.object-put"],
  "intra.job-object": TARGET_DISPATCH["intra.job-object"],
} satisfies Partial<TargetDispatch>;

export async function createTargetWorker(options: TargetWorkerOptions): Promise<TargetWorker> {
  const { services: node, mountpaths, promoteRoot, processCount, clock, channel, relay, storage } = options;
  const { faults, openWriteCount } = storage;
  const store = await openGuestStore({
    mountpaths,
    clock,
    logger: node.logger,
    limits: limitsOfOne(processCount, { openWriteCount }),
    owner: (mountpath) => ({
      retire: (fileId, cause) => channel.tell("retire", { mountpath, fileId, cause: plainCause(cause) }),
      // Space that cannot be had is told by the write that needs it.
      expedite: () => channel.ask("expedite", mountpath).then(ignore, ignore),
    }),
    ...(faults === null ? {} : { faults }),
  });
  const space = createSpaceGuard(store, node.member, clock);
  const gate = createBucketGate(space.store, node.member);
  const { member } = node;
  const nodeId = node.facts.id;
  const hrw = await loadHrw();
  const handOver = new AskedHandOver({ hrw, member, channel, nodeId });
  const claims = new Claims({ member, caller: node, hrw, nodeId });
  const services: TargetServices = {
    ...node,
    store: createSettlingStore({ local: gate.store, member, claims, handOver, nodeId }),
    localStore: space.store,
    handOver,
    claims,
    hrw,
    bucketGate: gate,
    jobRunner: {
      live: () => [],
      received: (jobId, bytes) => channel.tell("jobObject", { jobId, bytes }),
    },
    // Shares are the main process's.
    shareHolds: { done() {}, takeCrossed: () => false },
    listingJobs: {
      list: () => [],
      stop: () => false,
      page: (id, bucket, bid, objectCount) => channel.tell("listed", { id, bucket, bid, objectCount }),
    },
    // Checks and sweeps are the main process's; whoever asks for them is handed on.
    storageJobs: new StorageJobs({ ...node, store, clock }),
    bucketSweep: { requestedBy() {} },
    promoteRoot,
    diskRates: new DiskRatesReader(clock),
    clock,
    recentReads: new ToldReads((reads) => channel.tell("recentReads", reads)),
    space,
  };
  exposeStorage(services.metrics, store);
  exposeChecks(services.metrics, store);
  return {
    handler: createPipeline({
      role: "target",
      dispatch: DISPATCH,
      elsewhere: relay,
      services,
      clock,
      authenticate: (call) => requireNode(call, services),
    }),
    role: { runs: store.runs, held: (mountpath, ids) => store.held(mountpath, ids), writers: gate.writers },
    async [Symbol.asyncDispose]() {
      claims[Symbol.dispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** The channel carries plain data only. */
function plainCause<Cause extends { traceId: string; spanId: string; traceFlags: number }>(
  cause: Cause | null,
) {
  if (cause === null) return null;
  const { traceId, spanId, traceFlags } = cause;
  return { traceId, spanId, traceFlags };
}

function ignore(): void {}
