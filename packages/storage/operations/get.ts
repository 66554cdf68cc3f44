import { statSync } from "node:fs";
import { AisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";
import { endFailed } from "../failed-span.ts";
import { objectFilePath } from "../files/object-path.ts";
import { objectIndexKey } from "../index/key.ts";
import { attributesOf, type LocatedRecord, objectCname, tracedLocate } from "../lookup.ts";
import { type ResolvedRange, resolveRange } from "../range.ts";
import { mountpathBlocks } from "../span-blocks.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { errorChainText } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { FileIdentity, GetOptions, ObjectKey, ObjectReader } from "../types.ts";
import { verifyBytes, verifyFile } from "./verify.ts";

/**
 * Gives the reader itself, not a promise of it, unless the content is to be verified: nothing else waits, and a promise
 * would take the request off its turn of the event loop. Failures are rejections all the same.
 */
export function getObject(
  context: StoreContext,
  key: ObjectKey,
  options: GetOptions,
  span: Span,
): ObjectReader | Promise<ObjectReader> {
  try {
    const located = tracedLocate(context, key, objectIndexKey(key.bucketId, key.objectName), span);
    if (located === null) throw new AisError("notFound", `object "${objectCname(key)}" does not exist`);
    if (located.record.isDamaged && !options.verify) throw knownDamage(context, key);
    const range = resolveRange(options.range, located.record.sizeBytes);
    if (options.verify) return openVerified(context, key, located, range, span);
    const reader =
      located.record.fileId === 0n
        ? inlineReader(located, range, readInline(located, range, span))
        : openFile(context, key, located, range, span);
    return counted(context, reader);
  } catch (error) {
    return Promise.reject(error);
  }
}

async function openVerified(
  context: StoreContext,
  key: ObjectKey,
  located: LocatedRecord,
  range: ResolvedRange,
  parent: Span,
): Promise<ObjectReader> {
  const { record } = located;
  const { offsetBytes, lengthBytes } = range;
  if (record.fileId === 0n) {
    // Copied before anything is awaited: the index's buffer is good for this turn only.
    const whole = readInline(located, { offsetBytes: 0, lengthBytes: record.sizeBytes }, parent);
    await verifyBytes(context, key, record, whole, parent);
    const bytes = whole.subarray(offsetBytes, offsetBytes + lengthBytes);
    return counted(context, inlineReader(located, range, bytes));
  }
  const file = leaseFile(context, key, located);
  try {
    await verifyFile(context, key, record, file.path, parent);
  } catch (error) {
    file.release();
    throw error;
  }
  return counted(context, fileReader(located, range, file, parent.child(SPAN_NAMES.fileRead)));
}

function counted({ counters }: StoreContext, reader: ObjectReader): ObjectReader {
  counters.gets += 1;
  counters.getBytes += reader.lengthBytes;
  return reader;
}

function readInline(located: LocatedRecord, range: ResolvedRange, parent: Span): Buffer {
  const span = parent.child(SPAN_NAMES.fileRead);
  const bytes = located.copyBody(range.offsetBytes, range.lengthBytes);
  if (span.recording) {
    span.add(mountpathBlocks(located.mountpath).readInline);
    span.set(SPAN_ATTRIBUTES.bytes, bytes.byteLength);
  }
  span.end();
  return bytes;
}

function inlineReader(
  { record, mountpath }: LocatedRecord,
  { offsetBytes, lengthBytes }: ResolvedRange,
  bytes: Uint8Array,
): ObjectReader {
  return {
    attributes: attributesOf(record, mountpath),
    offsetBytes,
    lengthBytes,
    content: { kind: "bytes", bytes },
    release: releaseNothing,
  };
}

function releaseNothing(): void {}

interface LeasedFile {
  readonly path: string;
  readonly identity: FileIdentity;
  release(): void;
}

function leaseFile(context: StoreContext, key: ObjectKey, { record, mountpath }: LocatedRecord): LeasedFile {
  const path = objectFilePath(mountpath.path, record.fileId);
  const release = mountpath.removal.lease(record.fileId);
  try {
    const identity = checkFile(context, key, mountpath, path, record.sizeBytes);
    return { path, identity, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** The look at the file is a part of reading it: a disk that hangs may hang there. */
function openFile(
  context: StoreContext,
  key: ObjectKey,
  located: LocatedRecord,
  range: ResolvedRange,
  parent: Span,
): ObjectReader {
  const span = parent.child(SPAN_NAMES.fileRead);
  try {
    return fileReader(located, range, leaseFile(context, key, located), span);
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

/** The reader carries the open `ais.file.read` span: it ends when the last byte is out, at `release`. */
function fileReader(
  { record, mountpath }: LocatedRecord,
  range: ResolvedRange,
  file: LeasedFile,
  span: Span,
): ObjectReader {
  if (span.recording) span.add(mountpathBlocks(mountpath).located.file);
  return {
    attributes: attributesOf(record, mountpath),
    offsetBytes: range.offsetBytes,
    lengthBytes: range.lengthBytes,
    content: {
      kind: "file",
      path: file.path,
      fileOffsetBytes: range.offsetBytes,
      identity: file.identity,
    },
    release: () => {
      file.release();
      if (span.recording) {
        span.set(SPAN_ATTRIBUTES.bytes, range.lengthBytes);
        span.set(SPAN_ATTRIBUTES.sendfile, true);
      }
      span.end();
    },
  };
}

/**
 * A file that is missing or too short must fail here, while the reply can still say so. The call does not wait on a
 * thread: it takes a microsecond, and the server opens the same file right after it.
 */
function checkFile(
  context: StoreContext,
  key: ObjectKey,
  mountpath: OpenMountpath,
  path: string,
  sizeBytes: number,
): FileIdentity {
  let why: string;
  try {
    const stats = statSync(path);
    // The trailer follows the object's bytes, so a whole file is longer.
    const actualBytes = stats.size;
    if (actualBytes > sizeBytes) return stats;
    why = `file has ${actualBytes} bytes, expected more than ${sizeBytes}`;
  } catch (error) {
    // Without its disk the object is out of reach, which says nothing about its bytes.
    mountpath.index.presence.require();
    why = errorChainText(error);
  }
  context.counters.corruptObjects += 1;
  context.logger.log("error", "object file is damaged", { object: objectCname(key), path, error: why });
  throw new AisError(
    "internal",
    `object "${objectCname(key)}" is corrupt: its data is missing or incomplete`,
  );
}

/** A scrub found other content than was stored. A read that verifies decides for itself. */
function knownDamage(context: StoreContext, key: ObjectKey): AisError {
  context.counters.corruptObjects += 1;
  return new AisError(
    "internal",
    `object "${objectCname(key)}" is corrupt: a verification found that its content has changed`,
  );
}
