import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { requireCallBucket } from "../bucket-lookup.ts";
import { startSummary, summaryState } from "../jobs/summaries.ts";
import type { ProxyServices } from "../services.ts";

/** The props as JSON in `Ais-Bucket-Props` (wire-compat 4.3). With `bsumm_remote` a summary too. */
export async function bucketHead(call: Call, services: ProxyServices): Promise<HttpReply> {
  const presence = call.query.get(QUERY.presence) ?? "";
  if (!/^[+-]?\d*$/.test(presence)) throw new AisError("badRequest", `invalid presence "${presence}"`);
  if ((call.query.get(QUERY.bucketSummaryRemote) ?? "") !== "") return headWithSummary(call, services);
  if (call.rest.length > 0) {
    throw new AisError("badRequest", `invalid bucket path: "${call.rest.join("/")}" after the bucket name`);
  }
  const { props } = await requireCallBucket(call, services);
  return emptyReply(200, [[HEADERS.bucketProps, encodeJson(props).trimEnd()]]);
}

/** The first reply is 202 with the id under which to ask again (wire-compat 4.3); the rest of the path is a prefix. */
async function headWithSummary(call: Call, services: ProxyServices): Promise<HttpReply> {
  const { bucket, props } = await requireCallBucket(call, services);
  const id = call.query.get(QUERY.uuid) ?? "";
  const state =
    id === ""
      ? await startSummary([{ bucket, bid: props.bid }], call.rest.join("/"), call, services)
      : await summaryState(id, call, services);
  const [summary] = state.summaries;
  return emptyReply(state.status, [
    [HEADERS.bucketProps, encodeJson(props).trimEnd()],
    [HEADERS.xactionId, state.id],
    ...(summary === undefined ? [] : [[HEADERS.bucketSummary, encodeJson(summary).trimEnd()] as const]),
  ]);
}
