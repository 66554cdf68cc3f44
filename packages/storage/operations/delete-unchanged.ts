/** Deletes an object only while it is the one that the caller looked at: the second half of a rename. */
import type { Span } from "@ais/tracing/types.ts";
import { describeCommit } from "../commit-span.ts";
import { endFailed } from "../failed-span.ts";
import { objectIndexKey } from "../index/key.ts";
import { attributesOf, objectCname, tracedLocate } from "../lookup.ts";
import { reportFailure } from "../report-failure.ts";
import { SPAN_NAMES } from "../span-names.ts";
import type { StoreContext } from "../store-context.ts";
import type { ObjectAttributes, ObjectKey } from "../types.ts";
import { isUnchanged } from "../unchanged.ts";

/** False when the object has been replaced, changed or deleted since `looked` was read; then nothing changes. */
export async function deleteUnchanged(
  context: StoreContext,
  key: ObjectKey,
  looked: ObjectAttributes,
  parent: Span,
): Promise<boolean> {
  const indexKey = objectIndexKey(key.bucketId, key.objectName);
  const mountpath = tracedLocate(context, key, indexKey, parent)?.mountpath;
  if (mountpath === undefined) return false;
  const span = parent.child(SPAN_NAMES.indexCommit);
  try {
    const committed = await mountpath.index.commit(() => {
      const record = mountpath.index.find(indexKey)?.record ?? null;
      if (record === null || !isUnchanged(attributesOf(record, mountpath), looked)) return null;
      mountpath.index.remove(indexKey, record);
      return record.fileId;
    });
    describeCommit(span, mountpath, committed);
    const { value: fileId } = committed;
    span.end();
    if (fileId === null) return false;
    if (fileId !== 0n) mountpath.removal.retire(fileId, parent);
    context.counters.deletes += 1;
    return true;
  } catch (error) {
    endFailed(span, error);
    throw reportFailure(context, `delete ${objectCname(key)}`, mountpath, error, parent);
  }
}
