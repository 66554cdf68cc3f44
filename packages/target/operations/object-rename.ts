/** Action `rename-obj` (wire-compat 3.7): a copy under the new name, then the old name goes. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { ACTION_PERMISSIONS } from "@ais/wire/access.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { objectCname } from "@ais/wire/bck.ts";
import { copyObject } from "../copy/copy-object.ts";
import { type LocatedObject, locateObject } from "../locate.ts";
import type { TargetServices } from "../services.ts";

/**
 * Whoever looks meanwhile finds the object under one name or under both, never under none. An object that was written again
 * during the copy keeps its old name too, and the caller is told.
 */
export async function renameObject(
  call: Call,
  { name }: ActMsg,
  services: TargetServices,
): Promise<HttpReply> {
  try {
    await copyAndDelete(call, name, services);
  } catch (error) {
    services.metrics.add("err.ren.n", 1);
    throw error;
  }
  services.metrics.add("ren.n", 1);
  return emptyReply();
}

async function copyAndDelete(call: Call, newName: string, services: TargetServices): Promise<void> {
  const source = await locateObject(call, services);
  const cname = objectCname(source.bucket, call.objectName);
  if (newName === call.objectName) throw new AisError("badRequest", `cannot rename "${cname}" to itself`);
  const destination = {
    bucket: source.bucket,
    objectName: newName,
    permission: ACTION_PERMISSIONS["rename-obj"],
  };
  const copied = await copyObject(call, source, destination, services);
  requireStillOwner(source, call, services);
  if (await services.store.deleteUnchanged(source.key, copied, call.span)) return;
  throw new AisError("conflict", `"${cname}" was changed while it was renamed: both names exist now`);
}

/** Elsewhere the old name would stay, and here it is what the next owner still has to get. */
function requireStillOwner(
  { key }: LocatedObject,
  { snapshot }: Call,
  { member, handOver, facts }: TargetServices,
): void {
  if (member.snapshot.smap === snapshot.smap) return;
  if (handOver.ownerOf(key.uname)?.daemon_id === facts.id) return;
  throw new AisError(
    "unavailable",
    `the owner of "${key.bucketName}/${key.objectName}" has changed while it was renamed: both names exist now`,
  );
}
