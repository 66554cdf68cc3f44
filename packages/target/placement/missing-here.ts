import { AisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";
import { objectCname } from "@ais/wire/bck.ts";
import { findBucket } from "@ais/wire/bmd.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import type { MissingRequest } from "@ais/wire/missing-objects.ts";
import { objectKey } from "../jobs/object-source.ts";
import type { TargetServices } from "../services.ts";

/**
 * Whoever asks will delete by the answer, so it is given of this very bucket and by the object's owner, or not at all. Throws
 * `bucketNotFound`, and `unavailable` when another target owns one of the objects by the newest map here.
 */
export async function missingHere(
  { bucket, bid, smapVersion, names }: MissingRequest,
  span: Span,
  services: TargetServices,
): Promise<readonly string[]> {
  const { member, handOver, facts, store } = services;
  if (BigInt(smapVersion) > BigInt(member.snapshot.smap.version)) await member.refresh("smap", span);
  if (findBucket(member.snapshot.bmd, bucket)?.bid !== bid) await member.refresh("bmd", span);
  const missing: string[] = [];
  for (const name of names) {
    const key = objectKey({ bucket, bucketId: BigInt(bid) }, name);
    if (handOver.ownerOf(key.uname)?.daemon_id !== facts.id)
      throw new AisError("unavailable", `the owner of "${objectCname(bucket, name)}" has changed`);
    if ((await store.head(key, span)) === null) missing.push(name);
  }
  // Last: a bucket that was destroyed meanwhile has lost its objects, which is no reason to delete others.
  if (findBucket(member.snapshot.bmd, bucket)?.bid !== bid) throw bucketNotFound(bucket);
  return missing;
}
