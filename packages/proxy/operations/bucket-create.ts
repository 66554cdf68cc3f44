import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { type Bck, bucketCname, validateNewBucket } from "@ais/wire/bck.ts";
import { findBucket, withBucket } from "@ais/wire/bmd.ts";
import { applyBpropsPatch, defaultBprops } from "@ais/wire/bprops.ts";
import { bucketAlreadyExists } from "@ais/wire/error-texts.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import { bucketOfCall, requireCallBucket } from "../bucket-lookup.ts";
import { bucketJob } from "../jobs/bucket-jobs.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

/** Actions of `POST /v1/buckets/{bucket}` that this server does not have. */
const UNSUPPORTED_ACTIONS = [
  ACTIONS.etlBucket,
  ACTIONS.etlObjects,
  ACTIONS.makeCopies,
  ACTIONS.ecEncode,
  ACTIONS.rechunk,
  ACTIONS.indexShard,
  ACTIONS.createInventory,
];

/** 200 with an empty body; 409 when there is one of that name. Every node knows the bucket when the reply goes out. */
export async function bucketCreate(call: Call, services: ProxyServices): Promise<HttpReply> {
  const message = await readActMsg(call);
  const job = await bucketJob(message, call, services);
  if (job !== null) return job;
  if (message.action !== ACTIONS.createBucket) {
    await requireCallBucket(call, services);
    throw refuseAction(message.action, UNSUPPORTED_ACTIONS);
  }
  const bucket = bucketOfCall(call);
  validateNewBucket(bucket);
  refuseRemote(bucket);
  const createdNs = services.clock.nowNs();
  const snapshot = await services.member.updateBmd((bmd) => {
    if (findBucket(bmd, bucket) !== null) throw bucketAlreadyExists(bucket);
    // A version is used once in the life of a cluster, so an id made of it is never given to a second bucket.
    const bid = BigInt(bmd.version) + 1n;
    const initial = defaultBprops(services.member.snapshot.config, {
      bid,
      createdNs,
      provider: bucket.provider,
    });
    return withBucket(bmd, bucket, applyBpropsPatch(initial, message.value));
  }, call.span);
  await syncDocument("bmd", snapshot, call, services);
  services.logger.log("info", "created bucket", { bucket: bucketCname(bucket) }, call.span);
  return emptyReply();
}

function refuseRemote(bucket: Bck): void {
  if (bucket.provider === "ais" && bucket.namespace.uuid === "") return;
  throw new AisError(
    "unsupported",
    `creating bucket "${bucketCname(bucket)}": remote buckets are not supported`,
  );
}
