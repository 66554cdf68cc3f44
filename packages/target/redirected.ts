import type { Call } from "@ais/node/call.ts";
import { expectedRedirect } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";

/** Throws unless the call came by way of a proxy, whose stamp says so (wire-compat 3.1). Changes must come so, reads may not. */
export function requireRedirect({ query, request }: Call): void {
  if (query.get(QUERY.proxyId) !== null && query.get(QUERY.unixTime) !== null) return;
  throw expectedRedirect(request.method, request.rawPath);
}
