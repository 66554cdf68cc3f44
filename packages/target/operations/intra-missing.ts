/** `intra.missing`: which of these objects, all of them this target's, are not there. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { type MissingReply, parseMissingRequest } from "@ais/wire/missing-objects.ts";
import { missingHere } from "../placement/missing-here.ts";
import { wholeBody } from "../request-body.ts";
import type { TargetServices } from "../services.ts";

/** As many names as one question may have, escaped. */
const QUESTION_MAX_BYTES = 8 * 1024 * 1024;

export async function intraMissing(call: Call, services: TargetServices): Promise<HttpReply> {
  const request = parseMissingRequest(new TextDecoder().decode(await wholeBody(call, QUESTION_MAX_BYTES)));
  return jsonReply({ missing: await missingHere(request, call.span, services) } satisfies MissingReply);
}
