/** Actions on one object are its target's to do; those on a bucket, which name no object in the path, are refused here. */
import type { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { urlTooShort } from "@ais/wire/error-texts.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import type { ProxyServices } from "../services.ts";
import { redirectToTarget } from "./object-redirect.ts";

const UNSUPPORTED_ACTIONS: readonly string[] = [ACTIONS.promote, ACTIONS.blobDownload];

export function objectPost(call: Call, services: ProxyServices): HttpReply | Promise<HttpReply> {
  return call.objectName === "" ? refuse(call) : redirectToTarget(call, services, 307);
}

async function refuse(call: Call): Promise<never> {
  const { action } = await readActMsg(call);
  throw UNSUPPORTED_ACTIONS.includes(action)
    ? refuseAction(action, UNSUPPORTED_ACTIONS)
    : (urlTooShort(call.request.rawPath) satisfies AisError);
}
