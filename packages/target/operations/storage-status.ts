/** `storage.status`: what a check or a scrub has found so far, or what the last one found. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { TargetServices } from "../services.ts";
import { storageJobKind } from "../storage-job-kind.ts";

export function storageStatus(call: Call, { storageJobs }: TargetServices): HttpReply {
  return jsonReply(storageJobs.status(storageJobKind(call)));
}
