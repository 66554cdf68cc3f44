/** Actions on one object are its target's to do; those on a bucket, which name no object in the path, begin here. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { notRemoteBucket, unknownAction, urlTooShort } from "@ais/wire/error-texts.ts";
import { readActMsg } from "../act-msg-body.ts";
import { requireCallBucket } from "../bucket-lookup.ts";
import { promote } from "../jobs/promote.ts";
import type { ProxyServices } from "../services.ts";
import { redirectToTarget } from "./object-redirect.ts";

const ACTIONS_OF_OBJECTS: readonly string[] = [
  ACTIONS.renameObject,
  ACTIONS.checkLock,
  ACTIONS.createUpload,
  ACTIONS.completeUpload,
  ACTIONS.abortUpload,
];

export function objectPost(call: Call, services: ProxyServices): HttpReply | Promise<HttpReply> {
  return call.objectName === "" ? bucketAction(call, services) : redirectToTarget(call, services, 307);
}

async function bucketAction(call: Call, services: ProxyServices): Promise<HttpReply> {
  const message = await readActMsg(call);
  if (message.action === ACTIONS.promote) return promote(message, call, services);
  if (ACTIONS_OF_OBJECTS.includes(message.action)) throw urlTooShort(call.request.rawPath);
  const { bucket } = await requireCallBucket(call, services);
  throw message.action === ACTIONS.blobDownload
    ? notRemoteBucket(ACTIONS.blobDownload, bucket)
    : unknownAction(message.action);
}
