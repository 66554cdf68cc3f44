/** The one index transaction that makes a received body the object, and what becomes of what was there before. */
import type { Span } from "@ais/tracing/types.ts";
import { describeCommit } from "../commit-span.ts";
import { keepsCustom } from "../engine-metadata.ts";
import { endFailed } from "../failed-span.ts";
import { encodeRecord, type IndexRecord, type NewRecord } from "../index/record.ts";
import { isIntact } from "../intact.ts";
import { attributesOf, layoutOf } from "../lookup.ts";
import { sameChecksum } from "../receive/expected-checksum.ts";
import { discardObjectFile } from "../receive/object-file.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { ObjectAttributes, PutOptions } from "../types.ts";
import { removeFrom } from "./remove-record.ts";

export interface CommitRequest {
  readonly indexKey: Uint8Array;
  readonly home: OpenMountpath;
  readonly record: Omit<NewRecord, "versionCounter">;
  readonly options: PutOptions;
  /** The client named the checksum: the same content in place means that nothing changes (wire-compat 3.3). */
  readonly keepIfUnchanged: boolean;
}

interface CommitOutcome {
  readonly record: NewRecord;
  readonly old: IndexRecord | null;
  readonly kept: boolean;
}

export async function commitPut(
  context: StoreContext,
  request: CommitRequest,
  body: Uint8Array,
  parent: Span,
): Promise<ObjectAttributes> {
  const { home } = request;
  const strays = findStrays(context, request);
  const span = parent.child(SPAN_NAMES.indexCommit);
  let outcome: CommitOutcome;
  try {
    const committed = await home.index.commit(() => replaceRecord(request, body, strays[0]?.record ?? null));
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
  } else if (outcome.old !== null && outcome.old.fileId !== 0n) {
    home.removal.retire(outcome.old.fileId, parent);
  }
  for (const { mountpath } of strays) await removeFrom(mountpath, request.indexKey, parent);
  return attributesOf(outcome.record, home);
}

/** The version that a PUT over `old` gets; 0 when the bucket is not versioned. */
export function nextVersion(old: IndexRecord | null, options: PutOptions): number {
  if (options.moved !== undefined) return Number(options.moved.version);
  return options.versioned ? (old?.versionCounter ?? 0) + 1 : 0;
}

/** Inside the transaction. `stray` is a copy on another mountpath, which counts as the old one when home has none. */
function replaceRecord(request: CommitRequest, body: Uint8Array, stray: IndexRecord | null): CommitOutcome {
  const { home, indexKey } = request;
  const old = home.index.find(indexKey)?.record ?? null;
  if (old !== null && request.options.moved !== undefined && old.createdNs >= request.record.createdNs)
    return { record: old, old, kept: true };
  if (
    old !== null &&
    request.keepIfUnchanged &&
    isSameContent(old, request.record) &&
    keepsCustom(old, request.record.custom, request.options) &&
    isIntact(home.path, old)
  ) {
    return { record: old, old, kept: true };
  }
  const record = { ...request.record, versionCounter: nextVersion(old ?? stray, request.options) };
  home.index.replace(indexKey, encodeRecord(record, body), record.fileId, old);
  return { record, old, kept: false };
}

function isSameContent(old: IndexRecord, record: CommitRequest["record"]): boolean {
  return old.sizeBytes === record.sizeBytes && sameChecksum(old.checksum, record.checksum);
}

function findStrays(context: StoreContext, request: CommitRequest) {
  const strays: { readonly mountpath: OpenMountpath; readonly record: IndexRecord }[] = [];
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
