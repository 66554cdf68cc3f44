/** `object.delete` (wire-compat 3.7). */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { parseActMsg } from "@ais/wire/act-msg.ts";
import { objectToDeleteNotFound } from "@ais/wire/error-texts.ts";
import { countingIoErrors } from "../io-errors.ts";
import { durabilityOf, locateObject } from "../locate.ts";
import { requireRedirect } from "../redirected.ts";
import type { TargetServices } from "../services.ts";
import { refuseVariants } from "../unsupported.ts";

const MESSAGE_MAX_BYTES = 64 * 1024;

export async function objectDelete(call: Call, services: TargetServices): Promise<HttpReply> {
  requireRedirect(call);
  refuseVariants(call.query);
  await refuseActions(call);
  const { bucket, key, props } = await locateObject(call, services);
  const { store, metrics } = services;
  const found = await countingIoErrors("del", metrics, store.delete(key, durabilityOf(props), call.span));
  if (!found) throw objectToDeleteNotFound(bucket, call.objectName);
  return emptyReply();
}

/** A message in the body asks for something else than deleting, such as evicting. */
async function refuseActions({ request }: Call): Promise<void> {
  const { action } = parseActMsg(new TextDecoder().decode(await request.bytes(MESSAGE_MAX_BYTES)));
  if (action !== "") throw new AisError("unsupported", `action "${action}" of an object is not supported`);
}
