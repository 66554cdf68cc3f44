/** Stores a copy that a job makes, whether its original is here or came from another target. */
import { AisError } from "@ais/base/errors.ts";
import type { ObjectAttributes, ObjectBody, ObjectKey, PutOptions } from "@ais/storage/types.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import type { ObjectTransfer } from "@ais/wire/object-transfer.ts";
import type { Smap } from "@ais/wire/smap.ts";
import { durabilityOf } from "../locate.ts";
import { objectOptions } from "../object-options.ts";
import { writeAtOwner } from "../placement/require-owner.ts";
import type { TargetServices } from "../services.ts";

export interface CopyPlace {
  readonly key: ObjectKey;
  readonly props: Bprops;
  /** The cluster map by which this target owns the object. */
  readonly smap: Smap;
}

export interface StoredCopy {
  readonly attributes: ObjectAttributes;
  /** False when an object was there and was to be kept: then `body` was not asked for. */
  readonly stored: boolean;
}

/**
 * The copy is with the owner of the object when this resolves, whatever the cluster map has become meanwhile. Safe to repeat: a
 * copy that is there already, metadata and all, is not written again.
 */
export async function storeCopy(
  place: CopyPlace,
  transfer: ObjectTransfer,
  body: () => ObjectBody | Promise<ObjectBody>,
  services: TargetServices,
  span: Span = NOOP_SPAN,
): Promise<StoredCopy> {
  if (transfer.moved != null) return storeMoved(place, transfer, body, services, span);
  const { key, props, smap } = place;
  const { store, member } = services;
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
  const attributes = await writeAtOwner(key, smap, services, async () => {
    const content = await body();
    // Nobody has told this target what others hold of an object that is not its own.
    if (transfer.keepExisting && member.snapshot.smap !== smap)
      throw new AisError("unavailable", "the cluster map has changed while an object was on its way");
    return store.put(key, content, options, span);
  });
  return { attributes, stored: true };
}

/**
 * An object that this target owns now and another one held: it comes as it is, unless what is here is at least as new. That is
 * with the owner then, too: where the other one came from it is deleted.
 */
function storeMoved(
  { key, props, smap }: CopyPlace,
  transfer: ObjectTransfer,
  body: () => ObjectBody | Promise<ObjectBody>,
  services: TargetServices,
  span: Span,
): Promise<StoredCopy> {
  const { localStore, handOver } = services;
  const { sizeBytes, checksum, atimeNs, custom, parts, moved } = transfer;
  const createdNs = BigInt(moved?.createdNs ?? 0);
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
  const isEnough = (here: ObjectAttributes | null): here is ObjectAttributes =>
    here !== null && here.createdNs >= createdNs;
  return writeAtOwner(key, smap, services, async () => {
    if (isEnough(await localStore.head(key, span))) {
      // It may be this target itself that is sending what now comes back, and that will delete it once it was taken.
      await handOver.keep(key.uname);
      const existing = await localStore.head(key, span);
      if (isEnough(existing)) return { attributes: existing, stored: false };
    }
    const attributes = await localStore.put(key, await body(), options, span);
    return { attributes, stored: attributes.createdNs === createdNs };
  });
}

function isSame(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}
