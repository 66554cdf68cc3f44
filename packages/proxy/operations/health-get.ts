import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { healthGet as nodeHealth } from "@ais/node/health.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { ProxyServices } from "../services.ts";

/** Longest wait for the primary when another proxy is asked about it. */
export const PRIMARY_HEALTH_TIMEOUT_MS = 5000;

/**
 * Health of this node, and of the primary through any proxy (wire-compat 5.6): `prr` asks whether the primary is ready,
 * `apr` whether this node is the primary, `cii` for the node's state, `cii-apr` for it from the primary only.
 */
export async function healthGet(call: Call, services: ProxyServices): Promise<HttpReply> {
  const { query } = call;
  const readyToRebalance = query.flag(QUERY.primaryReadyToRebalance);
  const clusterInfo = query.flag(QUERY.clusterInfo);
  const askPrimary = query.flag(QUERY.askPrimary);
  const infoOfPrimary = query.flag(QUERY.clusterInfoAskPrimary);
  if (infoOfPrimary && (clusterInfo || askPrimary)) {
    throw new AisError("badRequest", `invalid query: "cii-apr" cannot be combined with "cii" or "apr"`);
  }
  if (readyToRebalance && (clusterInfo || infoOfPrimary)) {
    throw new AisError("badRequest", `invalid query: "prr" cannot be combined with "cii" or "cii-apr"`);
  }
  if ((askPrimary || infoOfPrimary) && !services.member.isPrimary) {
    throw new AisError("badRequest", `"${services.facts.id}" is not the primary proxy`);
  }
  if (readyToRebalance) return primaryReady(call, services);
  return nodeHealth(call, services);
}

async function primaryReady(call: Call, services: ProxyServices): Promise<HttpReply> {
  const { member } = services;
  if (member.isPrimary) {
    return member.isReady ? nodeHealth(call, services) : emptyReply(503);
  }
  const primary = call.snapshot.smap.proxy_si;
  if (primary === null || primary.daemon_id === services.facts.id) return emptyReply(503);
  const response = await callPeer(
    primary,
    {
      method: "GET",
      path: PATHS.health,
      query: `${QUERY.primaryReadyToRebalance}=true`,
      timeoutMs: PRIMARY_HEALTH_TIMEOUT_MS,
    },
    call.span,
    services,
  );
  return response.status === 200 ? nodeHealth(call, services) : emptyReply(503);
}
