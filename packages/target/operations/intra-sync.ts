/** `intra.sync` of a target: what a change of the BMD makes it do later is linked to the request that made the change. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { intraSync as syncDocument } from "@ais/node/intra-sync.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { TargetServices } from "../services.ts";

export async function intraSync(call: Call, services: TargetServices): Promise<HttpReply> {
  const reply = await syncDocument(call, services);
  if (call.query.get(QUERY.document) === "bmd") services.bucketSweep.requestedBy(call.span.context);
  return reply;
}
