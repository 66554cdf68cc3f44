/** This target's objects that a job is about, in batches, each with the cursor from which the next one goes on. */
import type { ListedObject, ObjectKey, ObjectStore } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { type Bck, bucketCname, objectUname } from "@ais/wire/bck.ts";
import type { ObjectSelection } from "@ais/wire/jobs/job-messages.ts";
import {
  isPrefixOnly,
  matchesTemplate,
  type ObjectTemplate,
  parseTemplate,
  templateCount,
  templateName,
} from "@ais/wire/object-template.ts";

export interface ObjectBatch {
  readonly objects: readonly ListedObject[];
  /** Null after the last batch. */
  readonly next: string | null;
}

export interface ObjectSource {
  /** `cursor` is empty for the first batch. A batch that was begun before is asked for again with the `next` that it had. */
  batch(cursor: string, until?: string): Promise<ObjectBatch>;
}

/** Objects in memory at a time. */
const BATCH_COUNT = 256;
/** A template of more names than this is matched against what there is, rather than gone through name by name. */
const ENUMERATED_NAMES_MAX = 1_000_000;

export interface SourceBucket {
  readonly bucket: Bck;
  readonly bucketId: bigint;
}

/** `store` is asked for what it holds itself: where an object belongs by the cluster map does not matter here. */
export function openSource(
  store: ObjectStore,
  bucket: SourceBucket,
  selection: ObjectSelection,
): ObjectSource {
  const { names, template, nonRecursive } = selection;
  if (names.length > 0) return namedSource(store, bucket, names.length, (index) => names[index] ?? "");
  const listed = listedTemplate(selection);
  if (listed !== null) return listedSource(store, bucket, listed, nonRecursive && isPrefixOnly(listed));
  const parsed = parseTemplate(template);
  return namedSource(store, bucket, templateCount(parsed), (index) => templateName(parsed, index));
}

/** What the objects that there are must match; null where a source goes through names instead. */
function listedTemplate({ names, template, prefix }: ObjectSelection): ObjectTemplate | null {
  if (names.length > 0) return null;
  if (prefix !== "") return { prefix, ranges: [] };
  const parsed = parseTemplate(template);
  return isPrefixOnly(parsed) || templateCount(parsed) > ENUMERATED_NAMES_MAX ? parsed : null;
}

/** False only of objects that no source of the selection has. */
export function isSelected(selection: ObjectSelection, objectName: string): boolean {
  const { names, template, prefix } = selection;
  if (names.length > 0) return names.includes(objectName);
  return matchesTemplate(prefix === "" ? parseTemplate(template) : { prefix, ranges: [] }, objectName);
}

/** True only when a source that is at the cursor does not come to the object any more. */
export function hasPassed(selection: ObjectSelection, cursor: string, objectName: string): boolean {
  return cursor !== "" && listedTemplate(selection) !== null && !isAfter(objectName, cursor);
}

export function objectKey({ bucket, bucketId }: SourceBucket, objectName: string): ObjectKey {
  return { bucketId, bucketName: bucketCname(bucket), objectName, uname: objectUname(bucket, objectName) };
}

function namedSource(
  store: ObjectStore,
  bucket: SourceBucket,
  count: number,
  nameAt: (index: number) => string,
): ObjectSource {
  return {
    async batch(cursor) {
      const start = cursor === "" ? 0 : Number(cursor);
      const end = Math.min(count, start + BATCH_COUNT);
      const objects: ListedObject[] = [];
      for (let index = start; index < end; index++) {
        const objectName = nameAt(index);
        const attributes = await store.head(objectKey(bucket, objectName), NOOP_SPAN);
        // Most names of a list are other targets'.
        if (attributes !== null) objects.push({ objectName, attributes });
      }
      return { objects, next: end < count ? String(end) : null };
    },
  };
}

function listedSource(
  store: ObjectStore,
  { bucketId }: SourceBucket,
  template: ObjectTemplate,
  nonRecursive: boolean,
): ObjectSource {
  const { prefix } = template;
  return {
    async batch(after, until = "") {
      const delimiter = nonRecursive ? "/" : "";
      const page = await store.list(bucketId, { prefix, after, limit: BATCH_COUNT, delimiter }, NOOP_SPAN);
      const objects = page.objects.filter(({ objectName }) => matchesTemplate(template, objectName));
      // Where some are gone a page reaches further than it did.
      const within = objects.filter(({ objectName }) => until === "" || !isAfter(objectName, until));
      if (within.length < objects.length) return { objects: within, next: until };
      return {
        objects,
        next: page.more ? lastName(page.objects.at(-1)?.objectName, page.directories.at(-1)) : null,
      };
    },
  };
}

/** The later of two names in the order of their UTF-8 bytes. */
function lastName(object = "", directory = ""): string {
  return isAfter(object, directory) ? object : directory;
}

function isAfter(left: string, right: string): boolean {
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) > 0;
}
