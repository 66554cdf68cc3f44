/** A page of a bucket: range scans of all mountpaths, merged in the order of the names' UTF-8 bytes. */
import type { Span } from "@ais/tracing/types.ts";
import { endFailed } from "../failed-span.ts";
import { BUCKET_ID_BYTES, keyPrefix, successorOfPrefix } from "../index/key.ts";
import type { IndexEntry } from "../index/object-index.ts";
import { RangeCursor } from "../index/range-cursor.ts";
import { OBJECT_NAME_LIMIT_BYTES } from "../limits.ts";
import { attributesOf } from "../lookup.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { ListedObject, ListOptions, ListPage } from "../types.ts";

/** Names looked at before other requests get their turn. */
const NAMES_PER_TURN = 2_000;
const KEY_LIMIT_BYTES = BUCKET_ID_BYTES + OBJECT_NAME_LIMIT_BYTES;

interface Source {
  readonly mountpath: OpenMountpath;
  readonly cursor: RangeCursor;
}

/** `scanObjects` under its span. */
export async function listObjects(
  context: StoreContext,
  bucketId: bigint,
  options: ListOptions,
  parent: Span,
): Promise<ListPage> {
  const span = parent.child(SPAN_NAMES.indexScan);
  try {
    const page = await scanObjects(context, bucketId, options);
    span.set(SPAN_ATTRIBUTES.objects, page.objects.length);
    span.end();
    return page;
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

async function scanObjects(context: StoreContext, bucketId: bigint, options: ListOptions): Promise<ListPage> {
  const objects: ListedObject[] = [];
  const directories: string[] = [];
  const sources = openSources(context, bucketId, options);
  for (let looked = 1; ; looked++) {
    const lowest = lowestEntry(sources);
    if (lowest === null) return { objects, directories, more: false };
    const objectName = nameOfKey(lowest.entry.key);
    const directory = directoryOf(objectName, options);
    const isNew =
      directory === null || Buffer.compare(Buffer.from(directory), Buffer.from(options.after)) > 0;
    if (isNew && objects.length + directories.length >= options.limit)
      return { objects, directories, more: true };
    if (directory === null) {
      objects.push({ objectName, attributes: attributesOf(lowest.entry.record, lowest.mountpath) });
      for (const { cursor } of sources) skipKey(cursor, lowest.entry.key);
    } else {
      if (isNew) directories.push(directory);
      const next = successorOfPrefix(keyPrefix(bucketId, directory));
      for (const { cursor } of sources) cursor.seek(next);
    }
    if (looked % NAMES_PER_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function openSources(context: StoreContext, bucketId: bigint, options: ListOptions): readonly Source[] {
  const prefix = keyPrefix(bucketId, options.prefix);
  if (prefix.byteLength > KEY_LIMIT_BYTES) return [];
  const after = keyPrefix(bucketId, options.after).subarray(0, KEY_LIMIT_BYTES);
  // `after` empty means from the start; no name is empty, so excluding the bare bucket id excludes nothing.
  const start =
    Buffer.compare(after, prefix) >= 0 ? { key: after, exclusive: true } : { key: prefix, exclusive: false };
  return context.mountpaths.map((mountpath) => ({
    mountpath,
    cursor: new RangeCursor(mountpath.index, prefix, start.key, start.exclusive),
  }));
}

/** Of copies of one object (see `locate`) the newest counts. */
function lowestEntry(sources: readonly Source[]): { entry: IndexEntry; mountpath: OpenMountpath } | null {
  let lowest: { entry: IndexEntry; mountpath: OpenMountpath } | null = null;
  for (const { cursor, mountpath } of sources) {
    const entry = cursor.peek();
    if (entry === null) continue;
    const order = lowest === null ? -1 : Buffer.compare(entry.key, lowest.entry.key);
    if (
      order < 0 ||
      (lowest !== null && order === 0 && entry.record.createdNs > lowest.entry.record.createdNs)
    ) {
      lowest = { entry, mountpath };
    }
  }
  return lowest;
}

function skipKey(cursor: RangeCursor, key: Uint8Array): void {
  const entry = cursor.peek();
  if (entry !== null && Buffer.compare(entry.key, key) === 0) cursor.advance();
}

/**
 * The common prefix that a name is folded into; null when it stands by itself. A prefix that is a directory's name without
 * the delimiter at its end lists what is in the directory, as AIStore has it, and not the directory.
 */
function directoryOf(objectName: string, { delimiter, prefix }: ListOptions): string | null {
  if (delimiter === "") return null;
  const isInside =
    prefix !== "" && !prefix.endsWith(delimiter) && objectName.startsWith(delimiter, prefix.length);
  const end = objectName.indexOf(delimiter, prefix.length + (isInside ? delimiter.length : 0));
  return end === -1 ? null : objectName.slice(0, end + delimiter.length);
}

/** Of a copy of its own, as LMDB makes them of keys: asking such a copy for its `buffer` costs more than the text. */
function nameOfKey(key: Uint8Array): string {
  return Buffer.prototype.toString.call(key, "utf8", BUCKET_ID_BYTES);
}
