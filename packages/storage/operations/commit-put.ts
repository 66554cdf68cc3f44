/** The one index transaction that makes a received body the object, and what becomes of what was there before. */
import type { Span } from "@ais/tracing/types.ts";
import { describeCommit } from "../commit-span.ts";
import { keepsCustom, mergedCustom } from "../engine-metadata.ts";
import { endFailed } from "../failed-span.ts";
import {
  encodeRecord,
  type FoundTrace,
  type IndexRecord,
  type NewRecord,
  type RecordTrace,
} from "../index/record.ts";
import { isIntact } from "../intact.ts";
import { layoutOf } from "../lookup.ts";
import { sameChecksum } from "../receive/expected-checksum.ts";
import { discardObjectFile } from "../receive/object-file.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { errorChainText } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { CustomMetadata, PutOptions } from "../types.ts";
import { removeFrom } from "./remove-record.ts";

export interface CommitRequest {
  readonly indexKey: Uint8Array;
  readonly home: OpenMountpath;
  readonly record: Omit<NewRecord, "versionCounter">;
  readonly options: PutOptions;
  /** The client named the checksum: the same content in place means that nothing changes (wire-compat 3.3). */
  readonly keepIfUnchanged: boolean;
  /** Called inside the transaction with what is about to be the record; what it throws keeps that from becoming visible. */
  readonly beforeVisible?: (record: NewRecord) => void;
}

interface CommitOutcome {
  readonly record: NewRecord;
  /** 0 for none: nothing was there, or its body was in the index. */
  readonly oldFileId: bigint;
  readonly kept: boolean;
}

/** The object's record: what was there before, when that stays. */
export async function commitPut(
  context: StoreContext,
  request: CommitRequest,
  body: Uint8Array,
  parent: Span,
): Promise<NewRecord> {
  const { home } = request;
  const { durability } = request.options;
  const strays = findStrays(context, request);
  const span = parent.child(SPAN_NAMES.indexCommit);
  let outcome: CommitOutcome;
  try {
    const committed = await home.index.commit(
      () => replaceRecord(request, body, strays[0]?.record ?? null),
      durability,
    );
    outcome = committed.value;
    describeCommit(span, home, committed);
    if (span.recording) describe(span, outcome.record);
    span.end();
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
  if (outcome.kept) {
    context.counters.unchangedPuts += 1;
    if (request.record.fileId !== 0n) await discardObjectFile(context, home, request.record.fileId);
  } else if (outcome.oldFileId !== 0n) home.removal.retire(outcome.oldFileId, parent);
  for (const { mountpath } of strays) await removeStray(context, mountpath, request, parent);
  return outcome.record;
}

/**
 * An older copy on another mountpath. The new one is there by now, and counts: what is left of the older one is read by nobody,
 * and goes with the next PUT or the deletion of the object.
 */
async function removeStray(
  { logger }: StoreContext,
  mountpath: OpenMountpath,
  { indexKey, options }: CommitRequest,
  parent: Span,
): Promise<void> {
  try {
    await removeFrom(mountpath, indexKey, options.durability, parent);
  } catch (error) {
    const fields = { mountpath: mountpath.path, error: errorChainText(error) };
    logger.log("warn", "failed to remove an older copy of an object", fields);
  }
}

/** The version that a PUT over `old` gets; 0 when the bucket is not versioned. */
export function nextVersion(old: RecordTrace | null, options: PutOptions): number {
  if (options.moved !== undefined) return Number(options.moved.version);
  return options.versioned ? (old?.versionCounter ?? 0) + 1 : 0;
}

/** Inside the transaction. `stray` is a copy on another mountpath, which counts as the old one when home has none. */
function replaceRecord(request: CommitRequest, body: Uint8Array, stray: IndexRecord | null): CommitOutcome {
  const { home, indexKey } = request;
  const { index } = home;
  const kept = keptRecord(request);
  if (kept !== null) return { record: kept, oldFileId: 0n, kept: true };
  const old = index.findTrace(indexKey);
  const versionCounter = nextVersion(old ?? stray, request.options);
  const record = { ...request.record, versionCounter, custom: customAfter(request, old, stray) };
  request.beforeVisible?.(record);
  const value = encodeRecord(record, body, (sizeBytes) => index.valueMemory(sizeBytes));
  index.replace(indexKey, value, record.fileId, old);
  return { record, oldFileId: old?.fileId ?? 0n, kept: false };
}

/** Most objects have no custom metadata, and then nothing more is read of them. */
function customAfter(
  { home, indexKey, record, options }: CommitRequest,
  old: FoundTrace | null,
  stray: IndexRecord | null,
): CustomMetadata {
  if (options.mergeCustom === undefined) return record.custom;
  const before = old === null ? stray : old.hasCustom ? (home.index.find(indexKey)?.record ?? null) : null;
  return mergedCustom(before, record.custom, options);
}

/** What is there, when it stays: it has the same content, or is newer than what was moved here. */
function keptRecord({ home, indexKey, record, options, keepIfUnchanged }: CommitRequest): IndexRecord | null {
  if (!keepIfUnchanged && options.moved === undefined) return null;
  const old = home.index.find(indexKey)?.record ?? null;
  if (old === null) return null;
  if (options.moved !== undefined && old.createdNs >= record.createdNs) return old;
  const isSame =
    keepIfUnchanged &&
    isSameContent(old, record) &&
    keepsCustom(old, record.custom, options) &&
    isIntact(home.path, old);
  return isSame ? old : null;
}

function isSameContent(old: IndexRecord, record: CommitRequest["record"]): boolean {
  return old.sizeBytes === record.sizeBytes && sameChecksum(old.checksum, record.checksum);
}

interface Stray {
  readonly mountpath: OpenMountpath;
  readonly record: IndexRecord;
}

const NO_STRAYS: readonly Stray[] = [];

function findStrays(context: StoreContext, request: CommitRequest): readonly Stray[] {
  if (context.mountpaths.length === 1) return NO_STRAYS;
  const strays: Stray[] = [];
  for (const mountpath of context.mountpaths) {
    const found = mountpath === request.home ? null : mountpath.index.find(request.indexKey);
    if (found !== null) strays.push({ mountpath, record: found.record });
  }
  return strays;
}

function describe(span: Span, record: NewRecord): void {
  span.set(SPAN_ATTRIBUTES.layout, layoutOf(record));
  if (record.fileId !== 0n) return;
  // The body went with the record, and its checksum was computed with it.
  span.set(SPAN_ATTRIBUTES.bytes, record.sizeBytes);
  if (record.checksum !== null) span.set(SPAN_ATTRIBUTES.checksumType, record.checksum.type);
}
