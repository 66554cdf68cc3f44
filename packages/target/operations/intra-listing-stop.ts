/** `intra.listing-stop`: this target's part of a listing ends. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { TargetServices } from "../services.ts";

export function intraListingStop({ query }: Call, { listingJobs }: TargetServices): HttpReply {
  const id = query.get(QUERY.uuid) ?? "";
  if (!listingJobs.stop(id)) throw new AisError("notFound", `listing "${id}" is not under way here`);
  return emptyReply();
}
