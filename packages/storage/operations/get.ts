import { statSync } from "node:fs";
import { AisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";
import { endFailed } from "../failed-span.ts";
import { objectFilePath } from "../files/object-path.ts";
import { objectIndexKey } from "../index/key.ts";
import { attributesOf, type LocatedRecord, objectCname, tracedLocate } from "../lookup.ts";
import { type ResolvedRange, resolveRange } from "../range.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { errorChainText } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { GetOptions, ObjectKey, ObjectReader } from "../types.ts";
import { verifyBytes, verifyFile } from "./verify.ts";

export async function getObject(
  context: StoreContext,
  key: ObjectKey,
  options: GetOptions,
  span: Span,
): Promise<ObjectReader> {
  const located = tracedLocate(context, key, objectIndexKey(key.bucketId, key.objectName), span);
  if (located === null) throw new AisError("notFound", `object "${objectCname(key)}" does not exist`);
  if (located.record.isDamaged && !options.verify) throw knownDamage(context, key);
  const range = resolveRange(options.range, located.record.sizeBytes);
  const reader =
    located.record.fileId === 0n
      ? await openInline(context, key, located, range, options, span)
      : await openFile(context, key, located, range, options, span);
  context.counters.gets += 1;
  context.counters.getBytes += range.lengthBytes;
  return reader;
}

/** Copies before anything is awaited: the index's buffer is good for this turn only. */
async function openInline(
  context: StoreContext,
  key: ObjectKey,
  located: LocatedRecord,
  range: ResolvedRange,
  options: GetOptions,
  parent: Span,
): Promise<ObjectReader> {
  const { record, mountpath } = located;
  const { offsetBytes, lengthBytes } = range;
  const span = parent.child(SPAN_NAMES.fileRead);
  const copied = options.verify
    ? located.copyBody(0, record.sizeBytes)
    : located.copyBody(offsetBytes, lengthBytes);
  if (span.recording) {
    span.set(SPAN_ATTRIBUTES.mountpath, mountpath.path);
    span.set(SPAN_ATTRIBUTES.layout, "inline");
    span.set(SPAN_ATTRIBUTES.bytes, copied.byteLength);
    span.set(SPAN_ATTRIBUTES.sendfile, false);
  }
  span.end();
  if (options.verify) await verifyBytes(context, key, record, copied, parent);
  const bytes = options.verify ? copied.subarray(offsetBytes, offsetBytes + lengthBytes) : copied;
  return {
    attributes: attributesOf(record, mountpath),
    offsetBytes,
    lengthBytes,
    content: { kind: "bytes", bytes },
    release() {},
  };
}

/** The reader carries the open `ais.file.read` span: it ends when the last byte is out, at `release`. */
async function openFile(
  context: StoreContext,
  key: ObjectKey,
  located: LocatedRecord,
  range: ResolvedRange,
  options: GetOptions,
  parent: Span,
): Promise<ObjectReader> {
  const { record, mountpath } = located;
  const path = objectFilePath(mountpath.path, record.fileId);
  const releaseLease = mountpath.removal.lease(record.fileId);
  let span: Span | null = null;
  try {
    checkFile(context, key, mountpath, path, record.sizeBytes);
    if (options.verify) await verifyFile(context, key, record, path, parent);
    const readSpan = parent.child(SPAN_NAMES.fileRead);
    span = readSpan;
    if (readSpan.recording) {
      readSpan.set(SPAN_ATTRIBUTES.mountpath, mountpath.path);
      readSpan.set(SPAN_ATTRIBUTES.layout, "file");
    }
    return {
      attributes: attributesOf(record, mountpath),
      ...range,
      content: { kind: "file", path, fileOffsetBytes: range.offsetBytes },
      release: () => {
        releaseLease();
        if (readSpan.recording) {
          readSpan.set(SPAN_ATTRIBUTES.bytes, range.lengthBytes);
          readSpan.set(SPAN_ATTRIBUTES.sendfile, true);
        }
        readSpan.end();
      },
    };
  } catch (error) {
    if (span !== null) endFailed(span, error);
    releaseLease();
    throw error;
  }
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
): void {
  let why: string;
  try {
    // The trailer follows the object's bytes, so a whole file is longer.
    const actualBytes = statSync(path).size;
    if (actualBytes > sizeBytes) return;
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
