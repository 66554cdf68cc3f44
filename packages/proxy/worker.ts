/** A worker of a proxy: it redirects and lists, and hands everything else to the main process. */
import type { Clock } from "@ais/base/clock.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import type { NodeServices } from "@ais/node/call.ts";
import type { HttpHandler } from "@ais/node/http/types.ts";
import { requireNode } from "@ais/node/intra-auth.ts";
import { createPipeline } from "@ais/node/pipeline.ts";
import { PROXY_DISPATCH } from "./dispatch.ts";
import { MembershipTransactions } from "./membership/transactions.ts";
import type { ProxyServices } from "./services.ts";

const DISPATCH = {
  "object.get": PROXY_DISPATCH["object.get"],
  "object.put": PROXY_DISPATCH["object.put"],
  "object.head": PROXY_DISPATCH["object.head"],
  "object.delete": PROXY_DISPATCH["object.delete"],
  "object.post": PROXY_DISPATCH["object.post"],
  "object.patch": PROXY_DISPATCH["object.patch"],
  "object.list": PROXY_DISPATCH["object.list"],
};

/** `relay` hands a request to the main process. */
export async function createProxyWorker(
  node: NodeServices,
  relay: HttpHandler,
  clock: Clock,
): Promise<HttpHandler> {
  const hrw = await loadHrw();
  // Changes of the membership are handed on; none is ever open here.
  const services: ProxyServices = { ...node, clock, hrw, membership: new MembershipTransactions() };
  return createPipeline({
    role: "proxy",
    dispatch: DISPATCH,
    elsewhere: relay,
    services,
    clock,
    authenticate: (call) => requireNode(call, services),
  });
}
