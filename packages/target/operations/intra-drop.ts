/** `intra.drop`: the owner of an object deletes it, and with it what this target still has of it. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { ClaimReply } from "@ais/wire/object-claim.ts";
import { claimedObject } from "../placement/claimed-object.ts";
import type { TargetServices } from "../services.ts";

export async function intraDrop(call: Call, services: TargetServices): Promise<HttpReply> {
  const { key, claim } = await claimedObject(call, services);
  const { notNewerThanNs } = claim;
  const limitNs = notNewerThanNs === undefined ? undefined : BigInt(notNewerThanNs);
  return jsonReply({ found: await services.handOver.drop(key, call.span, limitNs) } satisfies ClaimReply);
}
