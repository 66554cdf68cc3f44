import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { requireCallBucket } from "../bucket-lookup.ts";
import type { ProxyServices } from "../services.ts";

/** The props as JSON in `Ais-Bucket-Props` (wire-compat 4.3). Summaries, asked for by `bsumm_remote`, are not made. */
export async function bucketHead(call: Call, services: ProxyServices): Promise<HttpReply> {
  if ((call.query.get(QUERY.bucketSummaryRemote) ?? "") !== "") {
    throw new AisError("unsupported", `bucket summaries are not supported`);
  }
  if (call.rest.length > 0) {
    throw new AisError("badRequest", `invalid bucket path: "${call.rest.join("/")}" after the bucket name`);
  }
  const { props } = await requireCallBucket(call, services);
  return emptyReply(200, [[HEADERS.bucketProps, encodeJson(props).trimEnd()]]);
}
