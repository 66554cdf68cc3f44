import type { Span } from "@ais/tracing/types.ts";
import { describeCommit } from "../commit-span.ts";
import { endFailed } from "../failed-span.ts";
import { objectIndexKey } from "../index/key.ts";
import { homeOf, objectCname } from "../lookup.ts";
import { reportFailure } from "../report-failure.ts";
import { SPAN_NAMES } from "../span-names.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { Durability, ObjectKey } from "../types.ts";
import { removeFrom } from "./remove-record.ts";

interface Which {
  readonly durability: Durability;
  readonly notNewerThanNs: bigint | undefined;
}

/** True when there was something to delete that is meant. */
export async function deleteObject(
  context: StoreContext,
  key: ObjectKey,
  which: Which,
  span: Span,
): Promise<boolean> {
  const indexKey = objectIndexKey(key.bucketId, key.objectName);
  const home = homeOf(context, key);
  // Strays first: a reader that misses at home must not find an older copy elsewhere.
  const candidates = [...context.mountpaths.filter((mountpath) => mountpath !== home), home];
  let found = false;
  for (const mountpath of candidates) {
    if (mountpath.index.find(indexKey) === null) continue;
    found = (await tracedRemove(context, mountpath, key, { indexKey, ...which }, span)) || found;
  }
  if (found) context.counters.deletes += 1;
  return found;
}

async function tracedRemove(
  context: StoreContext,
  mountpath: OpenMountpath,
  key: ObjectKey,
  { indexKey, durability, notNewerThanNs }: Which & { readonly indexKey: Uint8Array },
  parent: Span,
): Promise<boolean> {
  const span = parent.child(SPAN_NAMES.indexCommit);
  try {
    const committed = await removeFrom(mountpath, indexKey, durability, parent, notNewerThanNs);
    describeCommit(span, mountpath, committed);
    span.end();
    return committed.value !== null;
  } catch (error) {
    endFailed(span, error);
    throw reportFailure(context, `delete ${objectCname(key)}`, mountpath, error, parent);
  }
}
