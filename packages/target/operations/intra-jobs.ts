/** `intra.jobs`: this target's shares under way and its listings, for a proxy that is asked about jobs. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { TargetServices } from "../services.ts";

export function intraJobs(_call: Call, { jobRunner, listingJobs }: TargetServices): HttpReply {
  return jsonReply({ shares: jobRunner.live(), listings: listingJobs.list() });
}
