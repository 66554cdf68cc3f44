import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import { requireCallBucket } from "../bucket-lookup.ts";
import type { ProxyServices } from "../services.ts";

const UNSUPPORTED_ACTIONS = [ACTIONS.archive];

/** PUT of a bucket makes archives of its objects, which this server does not do; nothing else is asked for this way. */
export async function bucketPut(call: Call, services: ProxyServices): Promise<HttpReply> {
  const { action } = await readActMsg(call);
  await requireCallBucket(call, services);
  throw refuseAction(action, UNSUPPORTED_ACTIONS);
}
