/** `intra.promote-scan`: whether there is something to promote, and what it looks like from here. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { parsePromoteScanRequest } from "@ais/wire/promote.ts";
import { scanSource } from "../promote/scan-source.ts";
import { wholeBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

const REQUEST_MAX_BYTES = 64 * 1024;

export async function intraPromoteScan(call: Call, { promoteRoot }: TargetServices): Promise<HttpReply> {
  const args = parsePromoteScanRequest(new TextDecoder().decode(await wholeBody(call, REQUEST_MAX_BYTES)));
  const scanning = call.span.child("ais.promote.scan");
  try {
    return jsonReply(await scanSource(promoteRoot, args, call.request.signal));
  } finally {
    scanning.end();
  }
}
