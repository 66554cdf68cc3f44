import type { Span } from "@ais/tracing/types.ts";
import type { Committed } from "../index/index-operation.ts";
import type { IndexRecord } from "../index/record.ts";
import type { OpenMountpath } from "../store-context.ts";
import type { Durability } from "../types.ts";

/** Takes the object out of one mountpath's index and lets its file go. The value is what was there and is not too new. */
export async function removeFrom(
  mountpath: OpenMountpath,
  indexKey: Uint8Array,
  durability: Durability,
  span: Span,
  notNewerThanNs?: bigint,
): Promise<Committed<IndexRecord | null>> {
  const committed = await mountpath.index.commit(() => {
    const record = mountpath.index.find(indexKey)?.record ?? null;
    if (record === null || (notNewerThanNs !== undefined && record.createdNs > notNewerThanNs)) return null;
    mountpath.index.remove(indexKey, record);
    return record;
  }, durability);
  const { value } = committed;
  if (value !== null && value.fileId !== 0n) mountpath.removal.retire(value.fileId, span);
  return committed;
}
