/** Stores a copy that a job makes, whether its original is here or came from another target. */
import type { ObjectAttributes, ObjectBody, ObjectKey, PutOptions } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import type { ObjectTransfer } from "@ais/wire/object-transfer.ts";
import { durabilityOf } from "../locate.ts";
import type { TargetServices } from "../services.ts";

export interface StoredCopy {
  readonly attributes: ObjectAttributes;
  /** False when an object was there and was to be kept: then `body` was not asked for. */
  readonly stored: boolean;
}

/** Safe to repeat: a copy that is there already, metadata and all, is not written again. */
export async function storeCopy(
  key: ObjectKey,
  props: Bprops,
  transfer: ObjectTransfer,
  body: () => ObjectBody | Promise<ObjectBody>,
  { store }: TargetServices,
  span: Span = NOOP_SPAN,
): Promise<StoredCopy> {
  const existing = await store.head(key, span);
  if (existing !== null && transfer.keepExisting) return { attributes: existing, stored: false };
  const { sizeBytes, checksum, atimeNs, custom, parts } = transfer;
  const options: PutOptions = {
    checksumType: props.checksum.type,
    durability: durabilityOf(props),
    versioned: props.versioning.enabled,
    sizeBytes,
    atimeNs: BigInt(atimeNs),
    custom,
    ...(checksum === null ? {} : { expected: checksum }),
    ...(parts === null ? {} : { parts }),
    ...(existing !== null && !isSame(existing.custom, custom) ? { compareCustom: true } : {}),
  };
  return { attributes: await store.put(key, await body(), options, span), stored: true };
}

function isSame(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}
