import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { parseAppendHandle } from "@ais/wire/append-handle.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { ProxyServices } from "../services.ts";
import { redirectToTarget } from "./object-redirect.ts";

/** An append goes where it was begun, whatever the placement says by now. */
export function objectPut(call: Call, services: ProxyServices): HttpReply | Promise<HttpReply> {
  const handle = call.query.get(QUERY.appendHandle) ?? "";
  if (handle === "" || (call.query.get(QUERY.appendType) ?? "") === "")
    return redirectToTarget(call, services, 307);
  return redirectToTarget(call, services, 307, parseAppendHandle(handle).nodeId);
}
