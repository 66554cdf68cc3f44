/** The object that another target claims, by its own map and this one's. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { ObjectKey } from "@ais/storage/types.ts";
import { bucketCname, parseUname } from "@ais/wire/bck.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { type ObjectClaim, parseClaim } from "@ais/wire/object-claim.ts";
import { validateObjectName } from "@ais/wire/object-name.ts";
import { wholeBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

/** Names are short of 1 KiB each. */
const CLAIM_MAX_BYTES = 16 * 1024;

export interface ClaimedObject {
  readonly key: ObjectKey;
  readonly claim: ObjectClaim;
}

/** Throws `unavailable` unless the caller owns the object by this target's map too, which is refreshed first where it is older. */
export async function claimedObject(call: Call, services: TargetServices): Promise<ClaimedObject> {
  const claim = parseClaim(new TextDecoder().decode(await wholeBody(call, CLAIM_MAX_BYTES)));
  const { bucket, objectName } = parseUname(claim.uname);
  validateObjectName(objectName);
  const { member } = services;
  if (BigInt(claim.smapVersion) > BigInt(member.snapshot.smap.version))
    await member.refresh("smap", call.span);
  const owner = services.handOver.ownerOf(claim.uname);
  const caller = call.request.header(HEADERS.callerId.toLowerCase());
  if (owner === null || owner.daemon_id !== caller)
    throw new AisError("unavailable", `the owner of "${bucketCname(bucket)}/${objectName}" has changed`);
  const key = {
    bucketId: BigInt(claim.bid),
    bucketName: bucketCname(bucket),
    objectName,
    uname: claim.uname,
  };
  return { key, claim };
}
