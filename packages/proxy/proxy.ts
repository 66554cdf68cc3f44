/** The composition root of a proxy. */
import { type Clock, systemClock } from "@ais/base/clock.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import type { NodeServices } from "@ais/node/call.ts";
import { startNodeHttpServer } from "@ais/node/http/node-http.ts";
import type { HttpHandler, StartHttpServer } from "@ais/node/http/types.ts";
import { requireNode } from "@ais/node/intra-auth.ts";
import { exposeState } from "@ais/node/node-state.ts";
import { createPipeline } from "@ais/node/pipeline.ts";
import { plainHost, type RoleHost } from "@ais/node/workers/worker-host.ts";
import { PROXY_DISPATCH } from "./dispatch.ts";
import { startJobKeeper } from "./jobs/job-keeper.ts";
import { startRebalanceKeeper } from "./membership/rebalance-keeper.ts";
import { MembershipTransactions } from "./membership/transactions.ts";
import type { ProxyServices } from "./services.ts";

export interface ProxyOptions extends NodeServices {
  readonly clock?: Clock;
  /** For tests. */
  readonly overrides?: Partial<ProxyServices>;
}

export interface ProxyRole extends AsyncDisposable {
  /** Serves every operation of a proxy. */
  readonly handler: HttpHandler;
  /** For its workers. */
  readonly host: RoleHost;
}

/** Clients send bodies with GET, which the other server drops (design.md 2). */
export const startProxyServer: StartHttpServer = startNodeHttpServer;

export async function createProxy(options: ProxyOptions): Promise<ProxyRole> {
  const { clock = systemClock, overrides = {}, ...node } = options;
  const services: ProxyServices = {
    ...node,
    clock,
    hrw: await loadHrw(),
    membership: new MembershipTransactions(),
    ...overrides,
  };
  exposeState(services);
  exposePrimary(services);
  const keepers = new AsyncDisposableStack();
  keepers.use(startJobKeeper(services));
  keepers.use(startRebalanceKeeper(services));
  const handler = createPipeline({
    role: "proxy",
    dispatch: PROXY_DISPATCH,
    services,
    clock,
    authenticate: (call) => requireNode(call, services),
  });
  return {
    handler,
    host: plainHost(handler),
    [Symbol.asyncDispose]: () => keepers.disposeAsync(),
  };
}

/** Which proxy leads, as this one knows it (wire-compat 11.4). */
function exposePrimary({ metrics, member }: ProxyServices): void {
  metrics.collectOfNode("primary_info", "the primary proxy, as this node knows it", "gauge", () => {
    const primary = member.snapshot.smap.proxy_si;
    return primary === null ? [] : [[{ primary_id: primary.daemon_id }, 1]];
  });
}
