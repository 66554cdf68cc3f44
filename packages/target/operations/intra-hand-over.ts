/** `intra.hand-over`: the owner of an object wants what this target has of it, now. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { ClaimReply } from "@ais/wire/object-claim.ts";
import { claimedObject } from "../placement/claimed-object.ts";
import type { TargetServices } from "../services.ts";

/** A transfer goes on when the caller has left: the object belongs there. */
const NEVER = new AbortController().signal;

export async function intraHandOver(call: Call, services: TargetServices): Promise<HttpReply> {
  const { key, claim } = await claimedObject(call, services);
  const here = await services.localStore.head(key, call.span);
  if (here !== null && here.createdNs <= BigInt(claim.newerThanNs)) return reply({ found: false });
  if (here !== null && claim.looksOnly === true)
    return reply({ found: true, createdNs: here.createdNs.toString() });
  // Asked for even when nothing is here any more: a transfer under way may not have ended.
  const outcome = await services.handOver.run(key, "", NEVER, call.span);
  return reply({ found: outcome.kind === "sent" });
}

function reply(found: ClaimReply): HttpReply {
  return jsonReply(found);
}
