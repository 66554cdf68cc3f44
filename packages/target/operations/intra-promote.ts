/** `intra.promote`: promotes a few files while the client waits. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { parsePromoteRun } from "@ais/wire/promote.ts";
import { locateBucket } from "../locate.ts";
import { promoteFile } from "../promote/promote-file.ts";
import { filesToPromote } from "../promote/source-files.ts";
import { wholeBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

const REQUEST_MAX_BYTES = 64 * 1024;

export async function intraPromote(call: Call, services: TargetServices): Promise<HttpReply> {
  const { span, snapshot, request } = call;
  const run = parsePromoteRun(new TextDecoder().decode(await wholeBody(call, REQUEST_MAX_BYTES)));
  const { bucket, bid, targets, ...work } = run;
  const { props } = await locateBucket(bucket, false, snapshot, services, span);
  if (props.bid !== bid) throw bucketNotFound(bucket);
  const task = { work, bucket: { bucket, bid }, targets, jobId: "" };
  for await (const file of await filesToPromote(services.promoteRoot, work, "")) {
    request.signal.throwIfAborted();
    await promoteFile(file, task, services, request.signal, span);
  }
  return emptyReply();
}
