/** `storage.start`: begins a check or a scrub of this target's data in the background. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { parseStorageJobRequest } from "@ais/wire/storage-report.ts";
import type { TargetServices } from "../services.ts";
import { storageJobKind } from "../storage-job-kind.ts";

const REQUEST_MAX_BYTES = 4096;

/** A scrub verifies by its nature. */
export async function storageStart(call: Call, { storageJobs }: TargetServices): Promise<HttpReply> {
  const kind = storageJobKind(call);
  const request = parseStorageJobRequest(
    new TextDecoder().decode(await call.request.bytes(REQUEST_MAX_BYTES)),
  );
  const started = storageJobs.start(
    kind,
    kind === "scrub" ? { ...request, verify: true } : request,
    call.span.context,
  );
  return jsonReply(started);
}
