import { AisError } from "@ais/base/errors.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";
import { stateInfo, uptimeNs } from "./node-state.ts";
import { emptyReply, type HeaderLines, jsonReply } from "./replies.ts";

/**
 * `health.get` of both roles: uptime headers, `readiness`, `cii` (wire-compat 5.6). What a node asks of the primary (`prr`,
 * `cii-apr`) is the proxy's; this refuses only their impossible combinations.
 */
export function healthGet(call: Call, services: NodeServices): HttpReply {
  const { query } = call;
  const asksCluster = query.flag(QUERY.clusterInfo);
  const asksPrimary = query.flag(QUERY.clusterInfoAskPrimary);
  const asksReadyToRebalance = query.flag(QUERY.primaryReadyToRebalance);
  if (
    (asksPrimary && (asksCluster || query.flag(QUERY.askPrimary))) ||
    (asksReadyToRebalance && asksCluster)
  ) {
    throw new AisError("badRequest", "invalid combination of health queries");
  }
  if (query.flag(QUERY.readiness) && !services.member.isReady) return emptyReply(503);
  const headers = uptimeHeaders(services);
  return asksCluster || asksPrimary ? jsonReply(stateInfo(services), headers) : emptyReply(200, headers);
}

/** The cluster is up for as long as this node has seen it; zero before there is a primary. */
export function uptimeHeaders(services: NodeServices): HeaderLines {
  const nodeNs = uptimeNs(services);
  const clusterNs = services.member.isReady ? nodeNs : 0n;
  return [
    [HEADERS.nodeUptime, nodeNs.toString()],
    [HEADERS.clusterUptime, clusterNs.toString()],
  ];
}
