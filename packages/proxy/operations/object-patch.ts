import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import type { ProxyServices } from "../services.ts";
import { redirectToTarget } from "./object-redirect.ts";

export function objectPatch(call: Call, services: ProxyServices): HttpReply | Promise<HttpReply> {
  return redirectToTarget(call, services, 307);
}
