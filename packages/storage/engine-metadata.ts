/**
 * What the engine itself keeps with an object beside the caller's custom metadata: of how many parts it was put together.
 * It stands in the same map, so that index and trailer carry it alike, under a key that no caller can have, because
 * control characters are refused in theirs.
 */
import type { ObjectParts, PutOptions } from "./types.ts";

type Custom = Readonly<Record<string, string>>;

const PARTS_KEY = "\u0001parts";

/** The caller's part of the map. The same object when there is nothing else in it. */
export function callerMetadata(custom: Custom): Custom {
  if (custom[PARTS_KEY] === undefined) return custom;
  const { [PARTS_KEY]: _, ...rest } = custom;
  return rest;
}

/** Null for an object that was written at once. */
export function partsOf(custom: Custom): ObjectParts | null {
  const text = custom[PARTS_KEY];
  if (text === undefined) return null;
  const [count, largestBytes] = text.split(",");
  return count === undefined || largestBytes === undefined
    ? null
    : { count: Number(count), largestBytes: Number(largestBytes) };
}

export function withParts(custom: Custom, parts: ObjectParts | null): Custom {
  if (parts === null) return custom;
  return { ...custom, [PARTS_KEY]: `${parts.count},${parts.largestBytes}` };
}

/** What a PUT over `old` leaves as metadata. Throws what `mergeCustom` throws. */
export function mergedCustom(
  old: { readonly custom: Custom } | null,
  custom: Custom,
  { mergeCustom }: PutOptions,
): Custom {
  if (old === null || mergeCustom === undefined) return custom;
  return withParts(mergeCustom(callerMetadata(old.custom)), partsOf(custom));
}

/** Whether a PUT of the same content may leave the metadata that is there. */
export function keepsCustom(old: { readonly custom: Custom }, custom: Custom, options: PutOptions): boolean {
  return options.compareCustom !== true || isSameCustom(old.custom, custom);
}

export function isSameCustom(one: Custom, other: Custom): boolean {
  if (one === other) return true;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => other[key] === one[key]);
}
