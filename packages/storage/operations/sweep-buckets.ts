import type { Span } from "@ais/tracing/types.ts";
import { bucketIdOfKey, keyPrefix, successorOfPrefix } from "../index/key.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";

/** Objects removed in one index transaction: keeps it short for the requests that share it. */
const OBJECTS_PER_COMMIT = 256;

/** Removes the objects of every bucket that is not live and resolves with how many there were. */
export async function sweepBuckets(
  context: StoreContext,
  liveBucketIds: ReadonlySet<bigint>,
  parent: Span,
): Promise<number> {
  // All found before the first wait: a bucket made later is not in the caller's set, and must not be taken for a dead one.
  const dead = context.mountpaths.map((mountpath) => ({
    mountpath,
    bucketIds: deadBuckets(mountpath, liveBucketIds),
  }));
  let removedCount = 0;
  for (const { mountpath, bucketIds } of dead) {
    if (bucketIds.length === 0) continue;
    const span = parent.child(SPAN_NAMES.mountpath);
    let removedHere = 0;
    try {
      for (const bucketId of bucketIds) removedHere += await removeBucket(mountpath, bucketId, parent);
    } finally {
      span.set(SPAN_ATTRIBUTES.mountpath, mountpath.path);
      span.set(SPAN_ATTRIBUTES.buckets, bucketIds.length);
      span.set(SPAN_ATTRIBUTES.objects, removedHere);
      span.end();
    }
    removedCount += removedHere;
  }
  context.counters.deletes += removedCount;
  return removedCount;
}

/** One seek per bucket, however many objects it has. */
function deadBuckets(mountpath: OpenMountpath, liveBucketIds: ReadonlySet<bigint>): readonly bigint[] {
  const dead: bigint[] = [];
  let start: Uint8Array | null = keyPrefix(0n, "");
  while (start !== null) {
    const key = mountpath.index.firstKey(start);
    if (key === null) break;
    const bucketId = bucketIdOfKey(key);
    if (!liveBucketIds.has(bucketId)) dead.push(bucketId);
    start = successorOfPrefix(keyPrefix(bucketId, ""));
  }
  return dead;
}

async function removeBucket(mountpath: OpenMountpath, bucketId: bigint, span: Span): Promise<number> {
  const prefix = keyPrefix(bucketId, "");
  const end = successorOfPrefix(prefix);
  let removedCount = 0;
  for (;;) {
    const { value: removed } = await mountpath.index.commit(() => {
      const entries = mountpath.index.scan(prefix, false, end, OBJECTS_PER_COMMIT);
      for (const { key, record } of entries) mountpath.index.remove(key, record);
      return entries;
    });
    for (const { record } of removed) {
      if (record.fileId !== 0n) mountpath.removal.retire(record.fileId, span);
    }
    removedCount += removed.length;
    if (removed.length < OBJECTS_PER_COMMIT) return removedCount;
  }
}
