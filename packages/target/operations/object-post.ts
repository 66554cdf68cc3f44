/** `object.post`: what the action in the body asks for, each in its own file. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply, textReply } from "@ais/node/replies.ts";
import { ACTION_PERMISSIONS, requireAccess } from "@ais/wire/access.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { notRemoteBucket, unknownAction } from "@ais/wire/error-texts.ts";
import { locateObject } from "../locate.ts";
import { requireRedirect } from "../redirected.ts";
import { readActMsg } from "../request-body.ts";
import type { TargetServices } from "../services.ts";
import { completeUpload, createUpload } from "./multipart-upload.ts";
import { renameObject } from "./object-rename.ts";

type ActionHandler = (call: Call, message: ActMsg, services: TargetServices) => Promise<HttpReply>;

const ACTIONS_HERE = {
  [ACTIONS.renameObject]: renameObject,
  [ACTIONS.checkLock]: checkLock,
  [ACTIONS.createUpload]: async (call, _message, services) => textReply(await createUpload(call, services)),
  [ACTIONS.completeUpload]: completeUpload,
} as const satisfies Record<string, ActionHandler>;
type HandledAction = keyof typeof ACTIONS_HERE;
const HANDLERS: Readonly<Record<string, ActionHandler>> = ACTIONS_HERE;

export async function objectPost(call: Call, services: TargetServices): Promise<HttpReply> {
  requireRedirect(call);
  const message = await readActMsg(call);
  const { action } = message;
  const handler = Object.hasOwn(HANDLERS, action) ? HANDLERS[action] : undefined;
  const { bucket, props } = await locateObject(call, services);
  if (handler === undefined)
    throw action === ACTIONS.blobDownload ? notRemoteBucket(action, bucket) : unknownAction(action);
  requireAccess(bucket, props, ACTION_PERMISSIONS[action as HandledAction]);
  if (call.span.recording) call.span.set("ais.action", action);
  return handler(call, message, services);
}

/** Objects are immutable files here, and nothing ever locks one: always unlocked (200). */
async function checkLock(call: Call, _message: ActMsg, services: TargetServices): Promise<HttpReply> {
  await locateObject(call, services);
  return emptyReply();
}
