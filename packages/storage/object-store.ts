/** The storage engine of one target (design.md 6). What is on disk is described in on-disk-format.ts. */
import type { Clock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { type Hrw, loadHrw } from "@ais/hrw/hrw.ts";
import type { Span } from "@ais/tracing/types.ts";
import { CapacityReader } from "./capacity.ts";
import { checkLive } from "./check/check-live.ts";
import { loadContentHashing } from "./checksum.ts";
import { StorageCounters } from "./counters.ts";
import { endFailed } from "./failed-span.ts";
import { NO_STORAGE_FAULTS, type StorageFaults } from "./faults.ts";
import { DeferredRemoval } from "./files/deferred-removal.ts";
import { FileIds } from "./files/object-path.ts";
import { FreeSpace } from "./free-space.ts";
import { ObjectIndex } from "./index/object-index.ts";
import { DEFAULT_STORAGE_LIMITS, type StorageLimits } from "./limits.ts";
import {
  claimMountpath,
  type MountpathOwner,
  noteIndex,
  noteMountpaths,
  requireMounted,
} from "./mountpath.ts";
import { deleteObject } from "./operations/delete.ts";
import { deleteUnchanged } from "./operations/delete-unchanged.ts";
import { getObject } from "./operations/get.ts";
import { headObject } from "./operations/head.ts";
import { listObjects } from "./operations/list.ts";
import { putObject } from "./operations/put.ts";
import { putInline } from "./operations/put-inline.ts";
import { setCustomMetadata } from "./operations/set-custom.ts";
import { sweepBuckets } from "./operations/sweep-buckets.ts";
import { reclaimSpace, sweepLeftOvers } from "./operations/sweep-left-overs.ts";
import { Admission } from "./receive/admission.ts";
import { BufferPool } from "./receive/buffer-pool.ts";
import { recoverObjectFiles } from "./recovery.ts";
import { NO_ROOT_TRACING, type RootTracing } from "./root-tracing.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "./span-names.ts";
import { requireSoundIndex } from "./start-check.ts";
import { toStorageError } from "./storage-error.ts";
import type { OpenMountpath, StoreContext } from "./store-context.ts";
import type { ObjectStore } from "./types.ts";
import { createUploads } from "./uploads/object-uploads.ts";
import { removePartialParts } from "./uploads/sweep-uploads.ts";

/** Buffers kept for the next PUT; more than that were a burst. */
const POOLED_BUFFER_COUNT = 64;

export interface ObjectStoreOptions extends MountpathOwner {
  readonly mountpaths: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<StorageLimits>;
  readonly faults?: StorageFaults;
  /** For what the store does by itself. */
  readonly tracing?: RootTracing;
}

/**
 * Claims the mountpaths, cleans up after a crash, and resolves when the store can serve. Errors: those of
 * `claimMountpath`; whatever was claimed is let go then.
 */
export async function openObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  if (options.mountpaths.length === 0)
    throw new AisError("badRequest", "a target needs at least one mountpath");
  const limits = { ...DEFAULT_STORAGE_LIMITS, ...options.limits };
  const counters = new StorageCounters();
  const hrw = await loadHrw();
  await using opened = new AsyncDisposableStack();
  requireMounted(options.mountpaths);
  const mountpaths = await recoverAll(options, limits, counters, hrw, opened);
  const faults = options.faults ?? NO_STORAGE_FAULTS;
  await noteMountpaths(
    mountpaths.map(({ path }) => path),
    faults.files,
  );
  const context: StoreContext = {
    mountpaths,
    hrw,
    hashing: await loadContentHashing(),
    pool: new BufferPool(limits.writeChunkBytes, POOLED_BUFFER_COUNT),
    admission: new Admission(limits, counters),
    counters,
    limits,
    faults,
    clock: options.clock,
    logger: options.logger,
  };
  return createStore(context, opened.move());
}

async function recoverAll(
  options: ObjectStoreOptions,
  limits: StorageLimits,
  counters: StorageCounters,
  hrw: Hrw,
  opened: AsyncDisposableStack,
): Promise<readonly OpenMountpath[]> {
  const { tracing = NO_ROOT_TRACING } = options;
  const job = tracing.startRoot(SPAN_NAMES.recovery);
  const mountpaths: OpenMountpath[] = [];
  try {
    for (const path of options.mountpaths) {
      const span = job.child(SPAN_NAMES.mountpath);
      span.set(SPAN_ATTRIBUTES.mountpath, path);
      try {
        mountpaths.push(await openMountpath(path, options, limits, counters, hrw, opened, span));
        span.end();
      } catch (error) {
        endFailed(span, error);
        throw error;
      }
    }
    job.end();
    return mountpaths;
  } catch (error) {
    endFailed(job, error);
    throw error;
  }
}

async function openMountpath(
  path: string,
  options: ObjectStoreOptions,
  limits: StorageLimits,
  counters: StorageCounters,
  hrw: Hrw,
  opened: AsyncDisposableStack,
  span: Span,
): Promise<OpenMountpath> {
  const { clock, logger, faults = NO_STORAGE_FAULTS, tracing = NO_ROOT_TRACING } = options;
  const claimed = await claimMountpath(path, options, faults.files);
  opened.use(claimed.lock);
  await requireSoundIndex({
    mountpath: claimed.path,
    hadIndex: claimed.hadIndex,
    leafLimitCount: limits.startLeafCount,
    logger,
  });
  const index = opened.use(openIndex(claimed.path, faults, counters, limits));
  const hashing = await loadContentHashing();
  const { keptFiles, removedFiles } = await recoverObjectFiles(claimed.path, index, hashing, logger);
  span.set(SPAN_ATTRIBUTES.files, keptFiles);
  span.set(SPAN_ATTRIBUTES.removedFiles, removedFiles);
  removePartialParts(claimed.path);
  const run = await index.nextRun();
  await noteIndex(claimed.path, faults.files);
  const removal = opened.use(
    new DeferredRemoval({
      mountpath: claimed.path,
      graceMs: limits.removalGraceMs,
      clock,
      logger,
      faults: faults.files,
      counters,
      tracing,
      flushed: (isUrgent) => index.flushed(isUrgent),
    }),
  );
  return {
    id: claimed.id,
    digest: hrw.digest(claimed.id),
    path: claimed.path,
    index,
    fileIds: new FileIds(run),
    removal,
    space: new FreeSpace(claimed.path, limits.reservedSpaceBytes, clock, counters),
  };
}

function openIndex(
  path: string,
  faults: StorageFaults,
  counters: StorageCounters,
  limits: StorageLimits,
): ObjectIndex {
  try {
    const { commitBatchCount } = limits;
    return new ObjectIndex({ mountpath: path, faults, counters, commitBatchCount });
  } catch (error) {
    throw toStorageError(`open the index of mountpath "${path}"`, error);
  }
}

function createStore(context: StoreContext, resources: AsyncDisposableStack): ObjectStore {
  const { mountpaths, counters } = context;
  const capacity = new CapacityReader(
    mountpaths.map(({ path }) => path),
    context.clock,
    context.limits.capacityCacheMs,
  );
  return {
    put: (key, body, options, span) =>
      putInline(context, key, body, options, span) ?? putObject(context, key, body, options, span),
    get: (key, options, span) => getObject(context, key, options, span),
    head: (key, span) => headObject(context, key, span),
    delete: (key, durability, span) => deleteObject(context, key, durability, span),
    deleteUnchanged: (key, looked, span) => deleteUnchanged(context, key, looked, span),
    setCustom: (key, change, durability, span) => setCustomMetadata(context, key, change, durability, span),
    uploads: createUploads(context),
    list: (bucketId, options, span) => listObjects(context, bucketId, options, span),
    sweepBuckets: (liveBucketIds, span) => sweepBuckets(context, liveBucketIds, span),
    check: (options, span) => checkLive(context, options, span),
    sweepLeftOvers: (olderThanMs) => sweepLeftOvers(context, olderThanMs),
    reclaimSpace: async () => {
      await reclaimSpace(context);
      capacity.lookAgain();
    },
    capacity: (maxAgeMs) => capacity.read(maxAgeMs),
    get stats() {
      return counters.snapshot(
        sum(mountpaths, ({ removal }) => removal.pendingCount),
        sum(mountpaths, ({ removal }) => removal.readerCount),
        sum(mountpaths, ({ index }) => (index.presence.isThere() ? 0 : 1)),
      );
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function sum(mountpaths: readonly OpenMountpath[], count: (mountpath: OpenMountpath) => number): number {
  return mountpaths.reduce((total, mountpath) => total + count(mountpath), 0);
}
