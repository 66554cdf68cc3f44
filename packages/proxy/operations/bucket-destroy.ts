import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { ACTION_PERMISSIONS, requireAccess } from "@ais/wire/access.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import { findBucket, withoutBucket } from "@ais/wire/bmd.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import { bucketOfCall, requireCallBucket } from "../bucket-lookup.ts";
import { bucketJob } from "../jobs/bucket-jobs.ts";
import { refuseRenaming } from "../jobs/job-buckets.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

const UNSUPPORTED_ACTIONS = [ACTIONS.destroyInventory];

/** The bucket is gone for every node when the reply goes out; targets remove its objects afterwards. */
export async function bucketDestroy(call: Call, services: ProxyServices): Promise<HttpReply> {
  const message = await readActMsg(call);
  const job = await bucketJob(message, call, services);
  if (job !== null) return job;
  if (message.action !== ACTIONS.destroyBucket) {
    await requireCallBucket(call, services);
    throw refuseAction(message.action, UNSUPPORTED_ACTIONS);
  }
  const bucket = bucketOfCall(call);
  if (bucket.provider !== "ais") {
    throw new AisError("methodNotAllowed", `cannot destroy "${bucketCname(bucket)}": it is a remote bucket`);
  }
  const snapshot = await services.member.updateBmd((bmd) => {
    const props = findBucket(bmd, bucket);
    if (props === null) throw bucketNotFound(bucket);
    requireAccess(bucket, props, ACTION_PERMISSIONS[ACTIONS.destroyBucket]);
    refuseRenaming(bucket, props);
    return withoutBucket(bmd, bucket);
  }, call.span);
  await syncDocument("bmd", snapshot, call, services);
  services.logger.log("info", "destroyed bucket", { bucket: bucketCname(bucket) }, call.span);
  return emptyReply();
}
