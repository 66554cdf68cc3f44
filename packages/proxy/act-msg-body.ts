/** Reading the action message of a control call, and refusing what cannot be done. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { type ActMsg, parseActMsg } from "@ais/wire/act-msg.ts";
import { unknownAction } from "@ais/wire/error-texts.ts";

/** Control messages are small; lists of object names are the largest. */
export const ACT_MSG_LIMIT_BYTES = 4 * 1024 * 1024;

/** An absent body is a message without an action. */
export async function readActMsg(call: Call): Promise<ActMsg> {
  return parseActMsg(new TextDecoder().decode(await call.request.bytes(ACT_MSG_LIMIT_BYTES)));
}

/** 501 for an action that AIStore has at this place and this server does not, 400 for any other. */
export function refuseAction(action: string, unsupportedHere: readonly string[]): AisError {
  return unsupportedHere.includes(action)
    ? new AisError("unsupported", `action "${action}" is not supported`)
    : unknownAction(action);
}
