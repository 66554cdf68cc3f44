/** `download.list`, `sort.list`, `etl.list`: there are none of these jobs, and who lists all jobs asks (wire-compat 12.1). */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { QUERY } from "@ais/wire/queries.ts";

/** A question about one of them, by id, is about what is not supported. */
export function emptyListGet(call: Call): HttpReply {
  if ((call.query.get(QUERY.uuid) ?? "") !== "")
    throw new AisError("unsupported", `"${call.request.rawPath}" of one job is not supported`);
  return jsonReply([]);
}
