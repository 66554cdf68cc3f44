/** Recomputes what was stored, before the first byte is sent. */
import { AisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { ContentHasher } from "../checksum.ts";
import { endFailed } from "../failed-span.ts";
import { hashFile } from "../files/read-quietly.ts";
import type { IndexRecord } from "../index/record.ts";
import { objectCname } from "../lookup.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { toStorageError } from "../storage-error.ts";
import type { StoreContext } from "../store-context.ts";
import type { ObjectKey } from "../types.ts";

export function verifyBytes(
  context: StoreContext,
  key: ObjectKey,
  record: IndexRecord,
  bytes: Uint8Array,
  parent: Span,
): Promise<void> {
  return verify(context, key, record, parent, async (hasher) => hasher.update(bytes));
}

export function verifyFile(
  context: StoreContext,
  key: ObjectKey,
  record: IndexRecord,
  path: string,
  parent: Span,
): Promise<void> {
  return verify(context, key, record, parent, (hasher) =>
    hashWithPool(context, path, record.sizeBytes, hasher),
  );
}

/** Throws `internal` when the content is not what its checksum says. An object without checksum passes. */
async function verify(
  context: StoreContext,
  key: ObjectKey,
  record: IndexRecord,
  parent: Span,
  feed: (hasher: ContentHasher) => Promise<void>,
): Promise<void> {
  const { checksum } = record;
  if (checksum === null || checksum.type === "none") return;
  const span = parent.child(SPAN_NAMES.checksum);
  try {
    const hasher = await context.hashing.create(checksum.type);
    await feed(hasher);
    const actual = hasher.digest();
    if (span.recording) {
      span.set(SPAN_ATTRIBUTES.checksumType, checksum.type);
      span.set(SPAN_ATTRIBUTES.bytes, record.sizeBytes);
      span.set(SPAN_ATTRIBUTES.checksumOutcome, actual === checksum.value ? "ok" : "mismatch");
    }
    if (actual !== checksum.value) throw corrupt(context, key, checksum.type, checksum.value, actual, parent);
    span.end();
  } catch (error) {
    endFailed(span, error);
    throw toStorageError(`read ${objectCname(key)}`, error);
  }
}

async function hashWithPool(
  context: StoreContext,
  path: string,
  sizeBytes: number,
  hasher: ContentHasher,
): Promise<void> {
  const buffer = context.pool.take();
  try {
    await hashFile(path, sizeBytes, hasher, buffer);
  } finally {
    context.pool.give(buffer);
  }
}

function corrupt(
  context: StoreContext,
  key: ObjectKey,
  type: string,
  expected: string,
  actual: string,
  span: Span,
): AisError {
  const object = objectCname(key);
  context.counters.corruptObjects += 1;
  context.logger.log("error", "object is corrupt", { object, type, expected, actual }, span);
  return new AisError(
    "internal",
    `object "${object}" is corrupt: its ${type} is ${actual}, expected ${expected}`,
  );
}
