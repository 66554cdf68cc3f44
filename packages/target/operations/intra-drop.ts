/** `intra.drop`: the owner of an object deletes it, and with it what this target still has of it. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { ClaimReply } from "@ais/wire/object-claim.ts";
import { claimedObject } from "../placement/claimed-object.ts";
import type { TargetServices } from "../services.ts";

export async function intraDrop(call: Call, services: TargetServices): Promise<HttpReply> {
  const { key } = await claimedObject(call, services);
  return jsonReply({ found: await services.handOver.drop(key, call.span) } satisfies ClaimReply);
}
