/** What every process of a node counts besides its requests. */
import { systemClock } from "@ais/base/clock.ts";
import { clusterSecret } from "@ais/cluster/cluster-secret.ts";
import type { Coordinator } from "@ais/cluster/coordinator/coordinator.ts";
import type { HttpServer } from "@ais/node/http/types.ts";
import { IntraAuth } from "@ais/node/intra-auth.ts";
import type { NodeMetrics } from "@ais/node/metrics/types.ts";
import { INTRA_SECRET } from "./node-constants.ts";

/** How this process knows calls of the cluster's nodes, and how many it refused. */
export async function countedIntraAuth(
  coordinator: Coordinator,
  nodeId: string,
  metrics: NodeMetrics,
): Promise<IntraAuth> {
  const key = await clusterSecret(coordinator, INTRA_SECRET);
  const intraAuth = new IntraAuth({ key, nodeId, clock: systemClock });
  const help = "calls between nodes that no node of the cluster made";
  metrics.collect("intra_refused_count", help, "counter", () => [[{}, intraAuth.refusedCount]]);
  return intraAuth;
}

export function exposeConnections(metrics: NodeMetrics, server: Pick<HttpServer, "connections">): void {
  metrics.collect("connections", "open connections, as of the last second", "gauge", () => [
    [{}, server.connections],
  ]);
}
