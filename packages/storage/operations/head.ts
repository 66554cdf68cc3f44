import type { Span } from "@ais/tracing/types.ts";
import { objectIndexKey } from "../index/key.ts";
import { attributesOf, tracedLocate } from "../lookup.ts";
import type { StoreContext } from "../store-context.ts";
import type { ObjectAttributes, ObjectKey } from "../types.ts";

/** Null when missing. */
export function headObject(context: StoreContext, key: ObjectKey, span: Span): ObjectAttributes | null {
  const located = tracedLocate(context, key, objectIndexKey(key.bucketId, key.objectName), span);
  return located === null ? null : attributesOf(located.record, located.mountpath);
}
