/** `object.delete` (wire-compat 3.7). */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { notRemoteBucket, objectToDeleteNotFound, unknownAction } from "@ais/wire/error-texts.ts";
import { countingIoErrors } from "../io-errors.ts";
import { durabilityOf, locateObject } from "../locate.ts";
import { requireRedirect } from "../redirected.ts";
import { readActMsg } from "../request-body.ts";
import type { TargetServices } from "../services.ts";
import { abortUpload } from "./multipart-upload.ts";

export async function objectDelete(call: Call, services: TargetServices): Promise<HttpReply> {
  requireRedirect(call);
  const { action } = await readActMsg(call);
  if (action === ACTIONS.abortUpload) return abortUpload(call, services);
  const { bucket, key, props } = await locateObject(call, services);
  // Any other message asks for something else than deleting.
  if (action === ACTIONS.evictObjects) throw notRemoteBucket(ACTIONS.evictRemoteBucket, bucket);
  if (action !== "") throw unknownAction(action);
  const { store, metrics } = services;
  const found = await countingIoErrors("del", metrics, store.delete(key, durabilityOf(props), call.span));
  if (!found) throw objectToDeleteNotFound(bucket, call.objectName);
  return emptyReply();
}
