/** The actions on a bucket that start jobs (wire-compat 2.2); each replies with the id of its job as text. */
import { AisError } from "@ais/base/errors.ts";
import type { JobBucket } from "@ais/cluster/jobs/job-record.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { textReply } from "@ais/node/replies.ts";
import { ACTION_PERMISSIONS, type Permission, requireAccess } from "@ais/wire/access.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { type Bck, bucketCname, sameBucket } from "@ais/wire/bck.ts";
import { findBucket, withBucket } from "@ais/wire/bmd.ts";
import type { Bprops } from "@ais/wire/bprops.ts";
import { bucketAlreadyExists, bucketNotFound, notRemoteBucket } from "@ais/wire/error-texts.ts";
import {
  type CopyMsg,
  type ObjectSelection,
  parseCopyMsg,
  parseCopyObjectsMsg,
  parseMultiObjectMsg,
} from "@ais/wire/jobs/job-messages.ts";
import { isSettled } from "@ais/wire/rmd.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";
import { requireNoRebalance } from "./beside-rebalance.ts";
import {
  bidOf,
  destinationOfCall,
  ensureDestination,
  refuseBusy,
  refuseRenaming,
  sourceOfJob,
  withCopy,
} from "./job-buckets.ts";
import { startJob } from "./start-job.ts";

/** What copies do at their destination. */
const COPY: readonly Permission[] = ["PUT"];
const SYNCHRONIZE: readonly Permission[] = [...COPY, "DELETE-OBJECT"];

/** Null when the action is none of these. */
export async function bucketJob(
  message: ActMsg,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply | null> {
  switch (message.action) {
    case ACTIONS.deleteObjects:
      return textReply(await deleteObjects(message, call, services));
    case ACTIONS.copyBucket:
      return textReply(await copyBucket(message, call, services));
    case ACTIONS.copyObjects:
      return textReply(await copyObjects(message, call, services));
    case ACTIONS.moveBucket:
      return textReply(await moveBucket(call, services));
    case ACTIONS.prefetchObjects:
      throw await notRemote(ACTIONS.prefetchObjects, call, services);
    case ACTIONS.evictObjects:
    case ACTIONS.evictRemoteBucket:
      throw await notRemote(ACTIONS.evictRemoteBucket, call, services);
  }
  return null;
}

async function deleteObjects({ value }: ActMsg, call: Call, services: ProxyServices): Promise<string> {
  const args = parseMultiObjectMsg(value);
  const { bucket, bid, props } = await sourceOfJob(call, services);
  requireAccess(bucket, props, ACTION_PERMISSIONS[ACTIONS.deleteObjects]);
  const description = selectionText(args.selection);
  return startJob(
    { kind: "delete-listrange", from: { bucket, bid }, to: null, description, args },
    call,
    services,
  );
}

async function copyBucket({ value }: ActMsg, call: Call, services: ProxyServices): Promise<string> {
  const args = parseCopyMsg(value);
  const source = await sourceOfJob(call, services);
  const destination = destinationOfCall(call);
  if (!args.dryRun && sameBucket(source.bucket, destination)) {
    throw new AisError("badRequest", `cannot copy-bck bucket "${bucketCname(destination)}" onto itself`);
  }
  return startCopy("copy-bck", source, destination, args, call, services);
}

async function copyObjects({ value }: ActMsg, call: Call, services: ProxyServices): Promise<string> {
  const args = parseCopyObjectsMsg(value);
  const source = await sourceOfJob(call, services);
  const { destination } = args;
  if (
    sameBucket(source.bucket, destination) &&
    args.prepend === "" &&
    Object.keys(args.extensions).length === 0
  ) {
    throw new AisError("badRequest", `cannot copy objects of "${bucketCname(destination)}" onto themselves`);
  }
  return startCopy("copy-listrange", source, destination, args, call, services);
}

async function startCopy(
  kind: "copy-bck" | "copy-listrange",
  source: JobBucket & { readonly props: Bprops },
  destination: Bck,
  args: CopyMsg,
  call: Call,
  services: ProxyServices,
): Promise<string> {
  const { bucket, bid, props } = source;
  if (destination.provider !== "ais" || destination.namespace.uuid !== "") {
    throw new AisError(
      "unsupported",
      `bucket "${bucketCname(destination)}": remote buckets are not supported`,
    );
  }
  // Before a destination is made for nothing.
  await requireNoRebalance(kind, services, call.span);
  if (args.synchronize && !args.dryRun) requireSettled(kind, services);
  // A dry run makes nothing: bucket id 0 belongs to no bucket.
  const to = args.dryRun
    ? { bucket: destination, bid: findBucket(services.member.snapshot.bmd, destination)?.bid ?? "0" }
    : await ensureDestination(destination, props, args.synchronize ? SYNCHRONIZE : COPY, call, services);
  const description = `${args.dryRun ? "dry-run " : ""}${selectionText(args.selection)}`;
  return startJob({ kind, from: { bucket, bid }, to, description, args }, call, services);
}

/** Nobody can say for certain what the source does not have. */
function requireSettled(kind: string, { member }: ProxyServices): void {
  if (isSettled(member.snapshot)) return;
  throw new AisError(
    "conflict",
    `cannot start "${kind}" with "synchronize": not every object is at its target, please try again after a rebalance`,
  );
}

/**
 * Both buckets exist until the job ends (wire-compat 4.1). Until then the old one takes no changes: one that came after
 * its object had moved would be lost.
 */
async function moveBucket(call: Call, services: ProxyServices): Promise<string> {
  const { bucket } = await sourceOfJob(call, services);
  const destination = destinationOfCall(call);
  const cname = bucketCname(bucket);
  if (sameBucket(bucket, destination))
    throw new AisError("badRequest", `cannot rename bucket "${cname}" to itself`);
  refuseBusy(bucket, services);
  await requireNoRebalance("move-bck", services, call.span);
  const createdNs = services.clock.nowNs();
  const snapshot = await services.member.updateBmd((bmd) => {
    const props = findBucket(bmd, bucket);
    if (props === null) throw bucketNotFound(bucket);
    requireAccess(bucket, props, ACTION_PERMISSIONS[ACTIONS.moveBucket]);
    refuseRenaming(bucket, props);
    if (findBucket(bmd, destination) !== null) throw bucketAlreadyExists(destination);
    return withBucket(withCopy(bmd, destination, props, createdNs), bucket, {
      ...props,
      Renamed: ACTIONS.moveBucket,
    });
  }, call.span);
  await syncDocument("bmd", snapshot, call, services);
  const from = { bucket, bid: bidOf(snapshot, bucket) };
  const to = { bucket: destination, bid: bidOf(snapshot, destination) };
  const everything: CopyMsg = {
    selection: { names: [], template: "", prefix: "", nonRecursive: false },
    continueOnError: false,
    workerCount: 0,
    extensions: {},
    prepend: "",
    dryRun: false,
    synchronize: false,
  };
  return startJob({ kind: "move-bck", from, to, description: "", args: everything }, call, services);
}

/** What AIStore answers where only a remote bucket makes sense. */
async function notRemote(action: string, call: Call, services: ProxyServices): Promise<AisError> {
  const { bucket } = await sourceOfJob(call, services);
  return notRemoteBucket(action, bucket);
}

function selectionText({ names, template, prefix, nonRecursive }: ObjectSelection): string {
  const what =
    names.length > 0
      ? `list of ${names.length} names`
      : prefix !== ""
        ? `prefix: ${prefix}`
        : template !== ""
          ? `template: ${template}`
          : "";
  return nonRecursive ? `${what} non-recursive`.trimStart() : what;
}
