import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { bucketCname } from "@ais/wire/bck.ts";
import { findBucket, withBucket } from "@ais/wire/bmd.ts";
import { applyBpropsPatch, resetBprops } from "@ais/wire/bprops.ts";
import { bucketNotFound } from "@ais/wire/error-texts.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import { bucketOfCall } from "../bucket-lookup.ts";
import { refuseRenaming } from "../jobs/job-buckets.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

/** 200 with an empty body: no property that is supported starts a job. */
export async function bucketSetProps(call: Call, services: ProxyServices): Promise<HttpReply> {
  const message = await readActMsg(call);
  if (message.action !== ACTIONS.setBucketProps && message.action !== ACTIONS.resetBucketProps) {
    throw refuseAction(message.action, []);
  }
  const bucket = bucketOfCall(call);
  const { config } = services.member.snapshot;
  const snapshot = await services.member.updateBmd((bmd) => {
    const current = findBucket(bmd, bucket);
    if (current === null) throw bucketNotFound(bucket);
    refuseRenaming(bucket, current);
    const changed =
      message.action === ACTIONS.resetBucketProps
        ? resetBprops(config, current)
        : applyBpropsPatch(current, message.value);
    return withBucket(bmd, bucket, changed);
  }, call.span);
  await syncDocument("bmd", snapshot, call, services);
  const fields = { bucket: bucketCname(bucket), action: message.action };
  services.logger.log("info", "changed bucket properties", fields, call.span);
  return emptyReply();
}
