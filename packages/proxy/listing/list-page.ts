/** One page of a listing: asked of every target at once, merged here. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { PeerResponse } from "@ais/node/peer-client.ts";
import { CONTENT_TYPES } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import {
  checkListPageReply,
  type ListPageReply,
  type ListPageRequest,
  parseListPageReply,
} from "@ais/wire/list-page.ts";
import { hasFlag, type LsoEntry, type LsoMsg, listedProps } from "@ais/wire/lso.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { activeTargets } from "@ais/wire/smap.ts";
import { unpack } from "msgpackr";
import { broadcast, requireAll } from "../broadcast.ts";
import type { FoundBucket } from "../bucket-lookup.ts";
import type { ProxyServices } from "../services.ts";
import { compareUtf8, type MergedPage, mergePages } from "./merge.ts";

/** Longest wait for the slowest target's part of a page. */
export const LIST_PAGE_TIMEOUT_MS = 60_000;
const DELIMITER = "/";

export async function listPage(
  msg: LsoMsg,
  found: FoundBucket,
  call: Call,
  services: ProxyServices,
): Promise<MergedPage<LsoEntry>> {
  const targets = activeTargets(found.snapshot.smap);
  if (targets.length === 0) {
    throw new AisError(
      "unavailable",
      `failed to list "${found.bucket.name}": the cluster has no active targets`,
    );
  }
  // A listing that starts after a name still starts there on its later pages.
  const after =
    compareUtf8(msg.continuationToken, msg.startAfter) > 0 ? msg.continuationToken : msg.startAfter;
  const request: ListPageRequest = {
    bucket: found.bucket,
    bid: found.props.bid,
    prefix: msg.prefix.replace(/^\/+/, ""),
    after,
    limit: msg.pageSize,
    delimiter: hasFlag(msg, "noRecursion") ? DELIMITER : "",
    props: [...listedProps(msg)],
    timeFormat: msg.timeFormat,
    listingId: msg.uuid,
  };
  const outcomes = await broadcast(
    "object.list",
    targets,
    {
      method: "POST",
      path: PATHS.intraList,
      headers: { "content-type": CONTENT_TYPES.errorJson, accept: CONTENT_TYPES.msgpack },
      body: encodeJson(request),
      timeoutMs: LIST_PAGE_TIMEOUT_MS,
      signal: call.request.signal,
    },
    call,
    services,
  );
  const replies = requireAll(outcomes, `list "${found.bucket.name}"`);
  return mergePages(
    replies.map(({ response }) => decodePage(response)),
    after,
    msg.pageSize,
  );
}

function decodePage(response: PeerResponse): ListPageReply {
  return response.headers["content-type"] === CONTENT_TYPES.msgpack
    ? checkListPageReply(unpack(response.body))
    : parseListPageReply(new TextDecoder().decode(response.body));
}
