/** `cluster.get` with `what=inflight`: what every node has under way, oldest first. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { nodeInFlight } from "@ais/node/requests/node-in-flight.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import type { ClusterInFlight, InFlightRequest } from "@ais/wire/requests.ts";
import { allNodes } from "@ais/wire/smap.ts";
import { broadcast } from "../broadcast.ts";
import type { ProxyServices } from "../services.ts";

const NODE_TIMEOUT_MS = 2_000;

/** Asked when something hangs, perhaps a node: one that does not answer is named, and the others are shown. */
export async function clusterInFlight(call: Call, services: ProxyServices): Promise<HttpReply> {
  const { facts } = services;
  const others = allNodes(call.snapshot.smap).filter((node) => node.daemon_id !== facts.id);
  const request = {
    method: "GET",
    path: PATHS.daemon,
    query: `${QUERY.what}=${WHAT.inFlight}`,
    timeoutMs: NODE_TIMEOUT_MS,
    signal: call.request.signal,
  };
  const outcomes = await broadcast("daemon.get", others, request, call, services);
  const failures: Record<string, string> = {};
  const found = [...(await nodeInFlight(services))];
  for (const { node, response, failure } of outcomes) {
    if (response === null || failure !== null) failures[node.daemon_id] = failure ?? "no answer";
    else found.push(...parseRequests(response.body));
  }
  found.sort((left, right) => right.age_ms - left.age_ms);
  return jsonReply({ requests: found, failures } satisfies ClusterInFlight);
}

function parseRequests(body: Uint8Array): readonly InFlightRequest[] {
  const list: unknown = JSON.parse(new TextDecoder().decode(body));
  return Array.isArray(list) ? (list as InFlightRequest[]) : [];
}
