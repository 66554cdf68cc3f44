/** `object.patch`: changes custom metadata (wire-compat 3.7). */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { parseCustomPairs, validateCustomPairs } from "@ais/wire/custom-metadata.ts";
import { objectNotFound } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { durabilityOf, locateObject } from "../locate.ts";
import { requireRedirect } from "../redirected.ts";
import { readActMsg } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

/** Adds to what is there and replaces equal keys; with `set-new-custom` nothing of it is kept. */
export async function objectPatch(call: Call, services: TargetServices): Promise<HttpReply> {
  requireRedirect(call);
  // What the action says is not looked at, as in AIStore; without a message there is nothing to do.
  const { value } = await readActMsg(call, { required: true });
  const pairs = parseCustomPairs(value);
  const isNew = call.query.flag(QUERY.setNewCustom);
  const { bucket, key, props } = await locateObject(call, services);
  const change = (old: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
    const custom = isNew ? pairs : { ...old, ...pairs };
    validateCustomPairs(custom);
    return custom;
  };
  const attributes = await services.store.setCustom(key, change, durabilityOf(props), call.span);
  if (attributes === null) throw objectNotFound(bucket, call.objectName);
  return emptyReply();
}
