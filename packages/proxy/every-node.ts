/** An action message for each node: what changes nodes, and not the cluster's documents. */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { act, setConfig } from "@ais/node/daemon-put.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import type { PeerRequest } from "@ais/node/peer-client.ts";
import { peerFailure } from "@ais/node/peer-failure.ts";
import { emptyReply } from "@ais/node/replies.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { encodeJson } from "@ais/wire/json.ts";
import type { NodeSettings } from "@ais/wire/node-override.ts";
import type { Operation } from "@ais/wire/operations.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { allNodes, isActive, nodeName } from "@ais/wire/smap.ts";
import { broadcast } from "./broadcast.ts";
import type { ProxyServices } from "./services.ts";

const NODE_TIMEOUT_MS = 10_000;

/**
 * This node first, so that what is wrong with the message changes nothing. Throws what the first node that fails says; one
 * that is out of service and does not answer is passed over.
 */
export async function actOnEveryNode(
  message: ActMsg,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply> {
  await act(message, call, services);
  return tellOthers("daemon.act", { path: PATHS.daemon, body: encodeJson(message) }, call, services);
}

/** Settings that each node has until it restarts. */
export async function setOnEveryNode(
  settings: NodeSettings,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply> {
  await setConfig(settings, call, services);
  const query = new URLSearchParams({ ...settings, [QUERY.transient]: "true" }).toString();
  return tellOthers("daemon.set-config", { path: PATHS.daemonSetConfig, query }, call, services);
}

async function tellOthers(
  operation: Operation,
  request: Pick<PeerRequest, "path" | "query" | "body">,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply> {
  const others = allNodes(call.snapshot.smap).filter(({ daemon_id }) => daemon_id !== services.facts.id);
  const outcomes = await broadcast(
    operation,
    others,
    { ...request, method: "PUT", timeoutMs: NODE_TIMEOUT_MS },
    call,
    services,
  );
  for (const { node, response, failure } of outcomes) {
    if (failure === null) continue;
    if (response === null && !isActive(node)) {
      // It stays in the cluster map though it may be powered off.
      const fields = { node: nodeName(node), operation, failure };
      services.logger.log("warn", "passed over a node that is out of service", fields, call.span);
      continue;
    }
    const code =
      response === null
        ? "unavailable"
        : peerFailure(response.status, new TextDecoder().decode(response.body)).code;
    throw new AisError(code, `${nodeName(node)}: ${failure}`);
  }
  return emptyReply();
}
