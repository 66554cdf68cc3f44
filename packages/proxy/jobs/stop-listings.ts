/** Listings are jobs that only the targets know of: to stop one is to tell them. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { activeTargets } from "@ais/wire/smap.ts";
import { broadcast } from "../broadcast.ts";
import type { ProxyServices } from "../services.ts";

const TIMEOUT_MS = 3000;

/** False when no target has a listing of the id under way. Throws `unavailable` when a target cannot be asked. */
export async function stopListing(id: string, call: Call, services: ProxyServices): Promise<boolean> {
  const query = `${QUERY.uuid}=${encodeURIComponent(id)}`;
  const request = { method: "DELETE", path: PATHS.intraJobs, query, timeoutMs: TIMEOUT_MS };
  const targets = activeTargets(call.snapshot.smap);
  const outcomes = await broadcast("intra.listing-stop", targets, request, call, services);
  const lost = outcomes.find(({ response }) => response === null);
  if (lost !== undefined)
    throw new AisError("unavailable", `failed to stop listing "${id}": ${lost.failure}`);
  return outcomes.some(({ failure }) => failure === null);
}
