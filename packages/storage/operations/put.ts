import type { Span } from "@ais/tracing/types.ts";
import { isSameCustom, keepsCustom, mergedCustom, withParts } from "../engine-metadata.ts";
import { syncTrailer, writeTrailer } from "../files/rewrite-trailer.ts";
import { objectIndexKey } from "../index/key.ts";
import type { NewRecord } from "../index/record.ts";
import { isIntact } from "../intact.ts";
import { attributesOf, homeOf, locate, objectCname } from "../lookup.ts";
import { BodyHashers } from "../receive/body-hashers.ts";
import { BodyReader } from "../receive/body-reader.ts";
import { sameChecksum, verifyExpected } from "../receive/expected-checksum.ts";
import { type BodyStart, readBodyStart } from "../receive/inline-body.ts";
import { discardObjectFile, receiveObjectFile } from "../receive/object-file.ts";
import { reportFailure } from "../report-failure.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { isOutOfSpace } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { Checksum, ObjectAttributes, ObjectBody, ObjectKey, PutOptions } from "../types.ts";
import { type CommitRequest, commitPut, nextVersion } from "./commit-put.ts";

/** One PUT on its way through the stages. */
interface PutCall {
  readonly key: ObjectKey;
  readonly indexKey: Uint8Array;
  readonly home: OpenMountpath;
  readonly reader: BodyReader;
  readonly hashers: BodyHashers;
  /** Null when the client sent none. */
  readonly expected: Checksum | null;
  readonly options: PutOptions;
}

export async function putObject(
  context: StoreContext,
  key: ObjectKey,
  body: ObjectBody,
  options: PutOptions,
  span: Span,
): Promise<ObjectAttributes> {
  const action = `put ${objectCname(key)}`;
  const reader = new BodyReader(body, options.sizeBytes, action);
  const home = homeOf(context, key);
  try {
    const indexKey = objectIndexKey(key.bucketId, key.objectName);
    const sizeBytes = body instanceof Uint8Array ? body.byteLength : options.sizeBytes;
    if (!home.space.has(sizeBytes ?? 0)) await makeRoom(home, sizeBytes ?? 0, action);
    using _memory = context.admission.admitStart(startBytes(context, sizeBytes));
    const expected =
      options.expected === undefined || options.expected.type === "none" ? null : options.expected;
    const hashers = await BodyHashers.create(context.hashing, [
      options.checksumType,
      expected?.type ?? "none",
    ]);
    const call: PutCall = { key, indexKey, home, reader, hashers, expected, options };
    const attributes = (await drainUnchanged(context, call, span)) ?? (await store(context, call, span));
    context.counters.puts += 1;
    context.counters.putBytes += reader.receivedBytes;
    return attributes;
  } catch (error) {
    reader.abandon(error);
    // Space that only the grace period holds back goes to the next attempt.
    if (isOutOfSpace(error)) await giveBackSpace(home);
    throw reportFailure(context, action, home, error, span);
  }
}

/** Space that only the grace period holds back goes to whoever needs it. Throws `outOfSpace` when that is not enough. */
async function makeRoom(home: OpenMountpath, wantedBytes: number, action: string): Promise<void> {
  if (home.removal.pendingCount > 0) await giveBackSpace(home);
  home.space.admit(wantedBytes, action);
}

async function giveBackSpace({ removal, space }: OpenMountpath): Promise<void> {
  await removal.expedite();
  space.lookAgain();
}

/**
 * The client says that it sends what is already there (wire-compat 3.3): the body is read and checked, nothing is
 * written. Null when that is not so. A body of unknown size is received first and compared at the commit.
 */
async function drainUnchanged(
  context: StoreContext,
  call: PutCall,
  parent: Span,
): Promise<ObjectAttributes | null> {
  const { expected, options } = call;
  if (expected === null || options.sizeBytes === undefined) return null;
  const located = locate(context, call.key, call.indexKey);
  if (located === null || located.record.sizeBytes !== options.sizeBytes) return null;
  if (!sameChecksum(located.record.checksum, expected)) return null;
  if (!keepsCustom(located.record, withParts(options.custom ?? {}, options.parts ?? null), options))
    return null;
  if (!isIntact(located.mountpath.path, located.record)) return null;
  const span = parent.child(SPAN_NAMES.bodyReceive);
  try {
    for (let piece = await call.reader.next(); piece !== null; piece = await call.reader.next()) {
      call.hashers.update(piece);
    }
  } finally {
    span.set(SPAN_ATTRIBUTES.bytes, call.reader.receivedBytes);
    span.end();
  }
  verifyExpected(objectCname(call.key), expected, call.hashers.checksum(expected.type));
  context.counters.unchangedPuts += 1;
  return attributesOf(located.record, located.mountpath);
}

/** A body that is there already takes no time to receive, so it has no span. */
async function receiveStart(context: StoreContext, { reader }: PutCall, parent: Span): Promise<BodyStart> {
  const { inlineObjectBytes } = context.limits;
  if (!reader.isStream) return readBodyStart(reader, inlineObjectBytes);
  const span = parent.child(SPAN_NAMES.bodyReceive);
  try {
    return await readBodyStart(reader, inlineObjectBytes);
  } finally {
    span.set(SPAN_ATTRIBUTES.bytes, reader.receivedBytes);
    span.end();
  }
}

async function store(context: StoreContext, call: PutCall, span: Span): Promise<ObjectAttributes> {
  const { key, home, reader, hashers, options } = call;
  const start = await receiveStart(context, call, span);
  if (start.kind === "whole") {
    hashers.update(start.bytes);
    return attributesOf(await commitPut(context, prepareCommit(context, call, 0n), start.bytes, span), home);
  }
  const { request, trailer } = await receiveObjectFile(
    context,
    {
      mountpath: home,
      reader,
      pieces: start.pieces,
      hashers,
      checksumType: options.checksumType,
      durability: options.durability,
      complete: (fileId) => completeFile(context, call, fileId),
    },
    span,
  );
  let isRewritten = false;
  const beforeVisible = (record: NewRecord): void => {
    // Changed meanwhile: the file was complete before the record was.
    if (isSameMetadata(record, trailer.record)) return;
    writeTrailer(home.path, key, record, context.hashing);
    isRewritten = true;
  };
  try {
    const record = await commitPut(context, { ...request, beforeVisible }, new Uint8Array(0), span);
    if (isRewritten && options.durability === "fsync") await syncTrailer(home.path, record.fileId);
    return attributesOf(record, home);
  } catch (error) {
    // A commit that became visible and could not be flushed counts as failed, but then the record needs its file.
    if (!home.index.namesFile(request.record.fileId)) {
      await discardObjectFile(context, home, request.record.fileId);
    }
    throw error;
  } finally {
    home.fileIds.settle(request.record.fileId);
  }
}

/** What depends on the object that is replaced. */
function isSameMetadata(record: NewRecord, other: Omit<NewRecord, "fileId">): boolean {
  return record.versionCounter === other.versionCounter && isSameCustom(record.custom, other.custom);
}

function completeFile(context: StoreContext, call: PutCall, fileId: bigint) {
  const { bucketId, bucketName, objectName } = call.key;
  const request = prepareCommit(context, call, fileId);
  const old = locate(context, call.key, call.indexKey)?.record ?? null;
  const custom = mergedCustom(old, request.record.custom, call.options);
  const record = { ...request.record, versionCounter: nextVersion(old, call.options), custom };
  return { request, trailer: { bucketId, bucketName, objectName, record } };
}

/** The body is complete: checks it against what the client expects. */
function prepareCommit(context: StoreContext, call: PutCall, fileId: bigint): CommitRequest {
  const { expected, hashers, options, key, indexKey, home, reader } = call;
  if (expected !== null) verifyExpected(objectCname(key), expected, hashers.checksum(expected.type));
  const nowNs = context.clock.nowNs();
  const record = {
    sizeBytes: reader.receivedBytes,
    checksum: hashers.checksum(options.checksumType),
    createdNs: options.moved?.createdNs ?? nowNs,
    atimeNs: options.atimeNs ?? nowNs,
    custom: withParts(options.custom ?? {}, options.parts ?? null),
    fileId,
  };
  return { indexKey, home, record, options, keepIfUnchanged: expected !== null };
}

/** What a body holds of memory before it has a place among the object files being written. */
function startBytes({ limits: { inlineObjectBytes } }: StoreContext, sizeBytes: number | undefined): number {
  return Math.min(sizeBytes ?? inlineObjectBytes, inlineObjectBytes);
}
