import type { ObjectStoreStats } from "./types.ts";

/** The engine's own tally; `ObjectStore.stats` is a copy of it. */
export class StorageCounters {
  puts = 0;
  putBytes = 0;
  /** PUTs that found the same content in place. */
  unchangedPuts = 0;
  gets = 0;
  getBytes = 0;
  deletes = 0;
  commitBatches = 0;
  commitOperations = 0;
  indexFlushes = 0;
  indexFlushFailures = 0;
  filesRemoved = 0;
  corruptObjects = 0;
  checkedObjects = 0;
  checkDamages = 0;
  verifiedObjects = 0;
  verifiedBytes = 0;
  verifyMismatches = 0;
  openWrites = 0;
  receiveBufferBytes = 0;
  limitHitsOpenWrites = 0;
  limitHitsReceiveStart = 0;
  limitHitsSlowReceive = 0;
  limitHitsFreeSpace = 0;

  snapshot(deferredFiles: number, readers: number, goneMountpaths: number): ObjectStoreStats {
    const { limitHitsOpenWrites, limitHitsReceiveStart, limitHitsSlowReceive, limitHitsFreeSpace, ...rest } =
      this;
    return {
      ...rest,
      limitHits: {
        openWrites: limitHitsOpenWrites,
        receiveStart: limitHitsReceiveStart,
        slowReceive: limitHitsSlowReceive,
        freeSpace: limitHitsFreeSpace,
      },
      deferredFiles,
      readers,
      goneMountpaths,
    };
  }
}
