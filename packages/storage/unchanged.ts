import type { CustomMetadata, ObjectAttributes } from "./types.ts";

/** True when an object is in content and metadata what it was when it was looked at. */
export function isUnchanged(now: ObjectAttributes, looked: ObjectAttributes): boolean {
  return now.createdNs === looked.createdNs && sameCustom(now.custom, looked.custom);
}

function sameCustom(left: CustomMetadata, right: CustomMetadata): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}
