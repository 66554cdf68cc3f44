/** Puts the operations of a store together, over mountpaths that are open. */
import type { Clock } from "@ais/base/clock.ts";
import type { Logger } from "@ais/base/log.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { CapacityReader } from "./capacity.ts";
import { checkLive } from "./check/check-live.ts";
import { loadContentHashing } from "./checksum.ts";
import type { StorageCounters } from "./counters.ts";
import { NO_STORAGE_FAULTS, type StorageFaults } from "./faults.ts";
import { type IndexSharing, ObjectIndex } from "./index/object-index.ts";
import type { StorageLimits } from "./limits.ts";
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
import { toStorageError } from "./storage-error.ts";
import type { OpenMountpath, StoreContext } from "./store-context.ts";
import type { ObjectStore } from "./types.ts";
import { createUploads } from "./uploads/object-uploads.ts";

/** Buffers kept for the next PUT; more than that were a burst. */
const POOLED_BUFFER_COUNT = 64;

export function openIndex(
  path: string,
  faults: StorageFaults,
  counters: StorageCounters,
  limits: StorageLimits,
  sharing: IndexSharing,
): ObjectIndex {
  try {
    const { commitBatchCount } = limits;
    return new ObjectIndex({ mountpath: path, faults, counters, commitBatchCount, sharing });
  } catch (error) {
    throw toStorageError(`open the index of mountpath "${path}"`, error);
  }
}

export interface StoreContextOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly faults?: StorageFaults;
}

export async function storeContext(
  { clock, logger, faults = NO_STORAGE_FAULTS }: StoreContextOptions,
  mountpaths: readonly OpenMountpath[],
  isShared: boolean,
  limits: StorageLimits,
  counters: StorageCounters,
): Promise<StoreContext> {
  return {
    mountpaths,
    isShared,
    hrw: await loadHrw(),
    hashing: await loadContentHashing(),
    pool: new BufferPool(limits.writeChunkBytes, POOLED_BUFFER_COUNT),
    admission: new Admission(limits, counters),
    counters,
    limits,
    faults,
    clock,
    logger,
  };
}

export function createStore(context: StoreContext, resources: AsyncDisposableStack): ObjectStore {
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
    delete: (key, durability, span, notNewerThanNs) =>
      deleteObject(context, key, { durability, notNewerThanNs }, span),
    deleteUnchanged: (key, looked, span) => deleteUnchanged(context, key, looked, span),
    setCustom: (key, change, durability, span) => setCustomMetadata(context, key, change, durability, span),
    uploads: createUploads(context),
    list: (bucketId, options, span) => listObjects(context, bucketId, options, span),
    sweepBuckets: (liveBucketIds, span) => sweepBuckets(context, liveBucketIds, span),
    check: (options, span) => checkLive(context, options, span),
    sweepLeftOvers: (olderThanMs, span) => sweepLeftOvers(context, olderThanMs, span),
    reclaimSpace: async (span) => {
      await reclaimSpace(context, span);
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
