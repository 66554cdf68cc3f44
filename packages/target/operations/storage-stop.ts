/** `storage.stop`: ends a check or a scrub early. Replies when it has ended. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import type { TargetServices } from "../services.ts";
import { storageJobKind } from "../storage-job-kind.ts";

export async function storageStop(call: Call, { storageJobs }: TargetServices): Promise<HttpReply> {
  return jsonReply(await storageJobs.stop(storageJobKind(call)));
}
