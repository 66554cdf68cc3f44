/** Changes the custom metadata of an object and nothing else of it. */
import type { Span } from "@ais/tracing/types.ts";
import { describeCommit } from "../commit-span.ts";
import { callerMetadata, partsOf, withParts } from "../engine-metadata.ts";
import { endFailed } from "../failed-span.ts";
import { objectFilePath } from "../files/object-path.ts";
import { rewriteTrailer } from "../files/rewrite-trailer.ts";
import { encodeTrailer } from "../files/trailer.ts";
import { type FileLock, lockBriefly } from "../flock.ts";
import { objectIndexKey } from "../index/key.ts";
import { encodeRecord, type IndexRecord, withDamageMark } from "../index/record.ts";
import { attributesOf, objectCname, tracedLocate } from "../lookup.ts";
import { reportFailure } from "../report-failure.ts";
import { SPAN_NAMES } from "../span-names.ts";
import { errnoCode } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { CustomMetadata, Durability, ObjectAttributes, ObjectKey } from "../types.ts";

/**
 * Null when the object is missing. `change` gets the metadata as it is inside the transaction, so that of two changes at
 * a time neither is lost; what it throws is thrown, and then nothing changed.
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
    const committed = await mountpath.index.commit(
      () => replaceCustom(mountpath, indexKey, change),
      durability,
    );
    describeCommit(span, mountpath, committed);
    const { value: record } = committed;
    if (record === null) {
      span.end();
      return null;
    }
    await followInFile(context, mountpath, key, indexKey, record, durability);
    span.end();
    return attributesOf(record, mountpath);
  } catch (error) {
    endFailed(span, error);
    throw reportFailure(context, `set custom metadata of ${objectCname(key)}`, mountpath, error, parent);
  }
}

/** Inside the transaction. Null when the object has gone since it was looked up. */
function replaceCustom(
  mountpath: OpenMountpath,
  indexKey: Uint8Array,
  change: (custom: CustomMetadata) => CustomMetadata,
): IndexRecord | null {
  const found = mountpath.index.find(indexKey);
  if (found === null) return null;
  const { record: old } = found;
  const custom = withParts(change(callerMetadata(old.custom)), partsOf(old.custom));
  const record = { ...old, custom };
  const body = old.fileId === 0n ? found.copyBody(0, old.sizeBytes) : new Uint8Array(0);
  const bytes = encodeRecord(record, body);
  const marked = old.isDamaged ? withDamageMark(bytes, true) : null;
  // The record names the same file as before, so there is no file to let go.
  mountpath.index.replace(indexKey, marked ?? bytes, old.fileId, null);
  return record;
}

/** The file's trailer follows the index, so that a rebuild knows the metadata too. */
export async function followInFile(
  context: StoreContext,
  mountpath: OpenMountpath,
  key: ObjectKey,
  indexKey: Uint8Array,
  record: Pick<IndexRecord, "fileId" | "sizeBytes">,
  durability: Durability,
): Promise<void> {
  if (record.fileId === 0n) return;
  const path = objectFilePath(mountpath.path, record.fileId);
  let written: Promise<void>;
  {
    // Another process may be about to write an older trailer, or to take the mark away.
    using _alone = context.isShared ? await lockIfThere(path) : null;
    const newest = mountpath.index.find(indexKey)?.record;
    // Replaced meanwhile: the file may have been marked as such, and a new trailer would take the mark away.
    if (newest?.fileId !== record.fileId) return;
    const { bucketId, bucketName, objectName } = key;
    const trailer = encodeTrailer({ bucketId, bucketName, objectName, record: newest }, context.hashing);
    written = rewriteTrailer(path, record.sizeBytes, trailer, durability === "fsync");
  }
  await written;
}

/** Null for a file that has been removed, as it is once the object was replaced. */
async function lockIfThere(path: string): Promise<FileLock | null> {
  try {
    return await lockBriefly(path);
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return null;
    throw error;
  }
}
