/** Changes the custom metadata of an object and nothing else of it. */
import type { Span } from "@ais/tracing/types.ts";
import { describeCommit } from "../commit-span.ts";
import { callerMetadata, isSameCustom, partsOf, withParts } from "../engine-metadata.ts";
import { endFailed } from "../failed-span.ts";
import { syncTrailer, writeTrailer } from "../files/rewrite-trailer.ts";
import { objectIndexKey } from "../index/key.ts";
import { encodeRecord, type IndexRecord, withDamageMark } from "../index/record.ts";
import { attributesOf, objectCname, tracedLocate } from "../lookup.ts";
import { reportFailure } from "../report-failure.ts";
import { SPAN_NAMES } from "../span-names.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { CustomMetadata, Durability, ObjectAttributes, ObjectKey } from "../types.ts";

/** One change on its way. */
interface Change {
  readonly context: StoreContext;
  readonly mountpath: OpenMountpath;
  readonly key: ObjectKey;
  readonly indexKey: Uint8Array;
  readonly change: (custom: CustomMetadata) => CustomMetadata;
}

/**
 * Null when the object is missing. `change` gets the metadata as it is inside the transaction, so that of two changes at
 * a time neither is lost; what it throws is thrown, and then nothing changed. Nor has it when the file's trailer, from which a
 * rebuild would know the metadata, cannot follow.
 */
export async function setCustomMetadata(
  context: StoreContext,
  key: ObjectKey,
  change: (custom: CustomMetadata) => CustomMetadata,
  durability: Durability,
  parent: Span,
): Promise<ObjectAttributes | null> {
  const indexKey = objectIndexKey(key.bucketId, key.objectName);
  const located = tracedLocate(context, key, indexKey, parent);
  if (located === null) return null;
  const { mountpath } = located;
  const span = parent.child(SPAN_NAMES.indexCommit);
  try {
    const record = await commitChange({ context, mountpath, key, indexKey, change }, durability, span);
    if (record !== null && record.fileId !== 0n && durability === "fsync")
      await syncTrailer(mountpath.path, record.fileId);
    span.end();
    return record === null ? null : attributesOf(record, mountpath);
  } catch (error) {
    endFailed(span, error);
    throw reportFailure(context, `set custom metadata of ${objectCname(key)}`, mountpath, error, parent);
  }
}

async function commitChange(call: Change, durability: Durability, span: Span): Promise<IndexRecord | null> {
  const { mountpath } = call;
  let isAhead = false;
  try {
    const committed = await mountpath.index.commit(() => {
      const record = replaceCustom(call);
      isAhead = true;
      return record;
    }, durability);
    describeCommit(span, mountpath, committed);
    return committed.value;
  } catch (error) {
    // The trailer says what the index does not; where that cannot be mended, the index counts.
    if (isAhead) await mountpath.index.commit(() => followIndex(call), "os").catch(() => null);
    throw error;
  }
}

/** Inside the transaction. Null when the object has gone since it was looked up. */
function replaceCustom({ context, mountpath, key, indexKey, change }: Change): IndexRecord | null {
  const found = mountpath.index.find(indexKey);
  if (found === null) return null;
  const { record: old } = found;
  const custom = withParts(change(callerMetadata(old.custom)), partsOf(old.custom));
  if (isSameCustom(custom, old.custom)) return old;
  // Of two forms of an object the newer one counts, wherever they meet, so that a changed one must be newer than it was.
  const record = { ...old, custom, createdNs: old.createdNs + 1n };
  if (old.fileId !== 0n) replaceTrailer(context, mountpath, key, old, record);
  const body = old.fileId === 0n ? found.copyBody(0, old.sizeBytes) : new Uint8Array(0);
  const bytes = encodeRecord(record, body);
  const marked = old.isDamaged ? withDamageMark(bytes, true) : null;
  // The record names the same file as before, so there is no file to let go.
  mountpath.index.replace(indexKey, marked ?? bytes, old.fileId, null);
  return record;
}

/** What it throws has left the old trailer, if the disk lets it. */
function replaceTrailer(
  { hashing }: StoreContext,
  { path }: OpenMountpath,
  key: ObjectKey,
  old: IndexRecord,
  record: IndexRecord,
): void {
  try {
    writeTrailer(path, key, record, hashing);
  } catch (error) {
    try {
      writeTrailer(path, key, old, hashing);
    } catch {
      // The first failure is the one to tell of.
    }
    throw error;
  }
}

/** Inside a transaction: the trailer says what the index does. */
function followIndex({ context, mountpath, key, indexKey }: Change): void {
  const record = mountpath.index.find(indexKey)?.record ?? null;
  if (record !== null && record.fileId !== 0n) writeTrailer(mountpath.path, key, record, context.hashing);
}
