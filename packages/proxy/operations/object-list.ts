import { AisError } from "@ais/base/errors.ts";
import { newJobId } from "@ais/cluster/jobs/job-id.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { type Bck, bucketCname } from "@ais/wire/bck.ts";
import { nodeNotFound, unknownAction } from "@ais/wire/error-texts.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { hasFlag, type LsoMsg, type LsoResult, lsoToJson, parseLsoMsg } from "@ais/wire/lso.ts";
import { activeTargets } from "@ais/wire/smap.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import { requireCallBucket } from "../bucket-lookup.ts";
import { summaryReply } from "../jobs/summaries.ts";
import { listPage } from "../listing/list-page.ts";
import { packLso } from "../listing/pack-lso.ts";
import type { ProxyServices } from "../services.ts";
import { bucketsReply } from "./bucket-list.ts";

const UNSUPPORTED_ACTIONS = [ACTIONS.summaryShard, ACTIONS.showInventory];

/**
 * One page of a bucket's objects in order of the UTF-8 bytes of the name (wire-compat 4.4, 4.5). Every target answers, or
 * the listing fails: a page without one of them would look whole. A body-less request lists with the defaults.
 */
export async function objectList(call: Call, services: ProxyServices): Promise<HttpReply> {
  const message = await readActMsg(call);
  if (message.action !== "" && message.action !== ACTIONS.list && message.action !== ACTIONS.summaryBucket) {
    throw refuseAction(message.action, UNSUPPORTED_ACTIONS);
  }
  if (message.action === ACTIONS.summaryBucket) {
    const only = async () => {
      const { bucket, props } = await requireCallBucket(call, services);
      return [{ bucket, bid: props.bid }];
    };
    return summaryReply(message.value, only, call, services);
  }
  if (message.action === "" && message.value !== null) throw unknownAction("");
  // Without a message a listing is one of buckets, whatever the path says; without a body it is curl's, of objects.
  if (message.action === ACTIONS.list && message.value === null) {
    if (message.name !== call.bucketName)
      throw new AisError("badRequest", `bad list-buckets request: "${call.bucketName}" vs "${message.name}"`);
    return bucketsReply(call.bucketName, call, services);
  }
  const msg = parseLsoMsg(message.value ?? {});
  const found = await requireCallBucket(call, services);
  validate(msg, found.bucket);
  if (
    msg.target !== "" &&
    !activeTargets(found.snapshot.smap).some(({ daemon_id }) => daemon_id === msg.target)
  )
    throw nodeNotFound(msg.target);
  const uuid = msg.uuid === "" ? newJobId() : msg.uuid;
  const page = await listPage({ ...msg, uuid }, found, call, services);
  const result: LsoResult = {
    uuid,
    continuationToken: page.more ? (page.entries.at(-1)?.name ?? "") : "",
    entries: page.entries,
    flags: 0,
  };
  return acceptsMsgpack(call)
    ? { status: 200, headers: [[HEADERS.contentType, CONTENT_TYPES.msgpack]], body: packLso(result) }
    : jsonReply(lsoToJson(result));
}

/** Flags that ask for what an ais bucket does not have are refused as AIStore does; those it has and we do not, with 501. */
function validate(msg: LsoMsg, bucket: Bck): void {
  const cname = bucketCname(bucket);
  if (hasFlag(msg, "archiveDirectory")) {
    throw new AisError(
      "unsupported",
      `listing "${cname}": listing the contents of archives is not supported`,
    );
  }
  if (hasFlag(msg, "inventory")) {
    throw new AisError("unsupported", `listing "${cname}": bucket inventory is not supported`);
  }
  if (hasFlag(msg, "notCached")) {
    throw new AisError(
      "badRequest",
      `"${cname}" is not a remote bucket, cannot list objects that are not cached`,
    );
  }
  if (hasFlag(msg, "diff")) {
    throw new AisError("badRequest", `"${cname}" is not a remote bucket, cannot compare versions with it`);
  }
  const elements = msg.prefix.split("/");
  if (
    elements[0] === "~"
      ? elements.length > 1
      : elements.some((element) => element === "." || element === "..")
  )
    throw new AisError("badRequest", `invalid prefix "${msg.prefix}": no object name begins with it`);
  if (msg.uuid !== "" && !/^[A-Za-z0-9][A-Za-z0-9_-]{7,30}[A-Za-z0-9]$/.test(msg.uuid)) {
    throw new AisError("badRequest", `invalid listing id "${msg.uuid}"`);
  }
}

function acceptsMsgpack(call: Call): boolean {
  return call.request.header("accept")?.includes(CONTENT_TYPES.msgpack) ?? false;
}
