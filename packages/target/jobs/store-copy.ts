/** Stores a copy that a job makes, whether its original is here or came from another target. */
import type { ObjectAttributes, ObjectBody, ObjectKey, PutOptions } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import type { ObjectTransfer } from "@ais/wire/object-transfer.ts";
import { durabilityOf } from "../locate.ts";
import { objectOptions } from "../object-options.ts";
import { writeAtOwner } from "../placement/require-owner.ts";
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
  services: TargetServices,
  span: Span = NOOP_SPAN,
): Promise<StoredCopy> {
  if (transfer.moved != null) return storeMoved(key, props, transfer, body, services, span);
  const { store } = services;
  const existing = await store.head(key, span);
  if (existing !== null && transfer.keepExisting) return { attributes: existing, stored: false };
  const { sizeBytes, checksum, atimeNs, custom, parts } = transfer;
  const options: PutOptions = {
    checksumType: props.checksum.type,
    durability: transfer.durable ? "fsync" : durabilityOf(props),
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

/** An object that this target owns now and another one held: it comes as it is, unless what is here is at least as new. */
async function storeMoved(
  key: ObjectKey,
  props: Bprops,
  transfer: ObjectTransfer,
  body: () => ObjectBody | Promise<ObjectBody>,
  services: TargetServices,
  span: Span,
): Promise<StoredCopy> {
  const { localStore } = services;
  const { sizeBytes, checksum, atimeNs, custom, parts, moved } = transfer;
  const createdNs = BigInt(moved?.createdNs ?? 0);
  const existing = await localStore.head(key, span);
  if (existing !== null && existing.createdNs >= createdNs) return { attributes: existing, stored: false };
  const options: PutOptions = {
    ...objectOptions(props),
    // It was on a disk long ago where it came from, and is deleted there: it must not be lost with the power now.
    durability: "fsync",
    sizeBytes,
    atimeNs: BigInt(atimeNs),
    custom,
    compareCustom: true,
    moved: { createdNs, version: moved?.version ?? "" },
    ...(checksum === null ? {} : { expected: checksum }),
    ...(parts === null ? {} : { parts }),
  };
  const attributes = await writeAtOwner(key, services, async () =>
    localStore.put(key, await body(), options, span),
  );
  return { attributes, stored: attributes.createdNs === createdNs };
}

function isSame(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}
