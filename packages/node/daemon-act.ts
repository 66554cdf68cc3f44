/** `daemon.act` of both roles (wire-compat 2.2): what the action in the body asks of this node alone. */
import { AisError } from "@ais/base/errors.ts";
import { parseActMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { parseRemoveNodesMsg, type RemoveNodesMsg } from "@ais/wire/remove-nodes.ts";
import { outOfService } from "@ais/wire/rmd.ts";
import { findNode } from "@ais/wire/smap.ts";
import type { Call, NodeServices } from "./call.ts";
import { act } from "./daemon-put.ts";
import type { HttpReply } from "./http/types.ts";
import { emptyReply } from "./replies.ts";
import type { StopRequest } from "./stop-request.ts";

const MESSAGE_MAX_BYTES = 1024 * 1024;

/** The reply goes out before the node stops: a stop waits for the requests under way. */
export async function daemonAct(call: Call, services: NodeServices): Promise<HttpReply> {
  const text = new TextDecoder().decode(await call.request.bytes(MESSAGE_MAX_BYTES));
  const message = parseActMsg(text);
  const { action, value } = message;
  if (call.span.recording) call.span.set("ais.action", action);
  switch (action) {
    case ACTIONS.shutdownNode:
    case ACTIONS.shutdownCluster:
      services.stopNode(stopOf(action, null));
      return emptyReply();
    case ACTIONS.decommissionNode:
      requireNode(call);
      services.stopNode(await decided(call, services));
      return emptyReply();
    case ACTIONS.decommissionCluster: {
      requireNode(call);
      const request = stopOf(action, parseRemoveNodesMsg(value));
      if (request.removeUserData) await requireNoBuckets(call, services);
      services.stopNode(request);
      return emptyReply();
    }
  }
  return act(message, call, services);
}

function stopOf(reason: string, message: RemoveNodesMsg | null): StopRequest {
  return {
    reason,
    removeUserData: message?.rmUserData === true,
    keepInitialConfig: message?.keepInitialConfig !== false,
    staysUp: message?.noShutdown === true,
  };
}

/** What the cluster's documents say of this node, whatever the call says: anybody can name a proxy as the caller. */
async function decided({ span }: Call, { member, facts }: NodeServices): Promise<StopRequest> {
  const { rmd } = await member.refresh("rmd", span);
  const state = outOfService(rmd, facts.id);
  if (state?.action !== "decommission-node") throw notDecided();
  return {
    reason: state.action,
    removeUserData: state.rm_user_data,
    keepInitialConfig: state.keep_initial_config,
    staysUp: state.no_shutdown,
  };
}

/** With a cluster's data its buckets go first. */
async function requireNoBuckets({ span }: Call, { member }: NodeServices): Promise<void> {
  const { bmd } = await member.refresh("bmd", span);
  if (listBuckets(bmd).length > 0) throw notDecided();
}

/** Data goes by the cluster's own decision, made by a proxy, never by a call of a client to one node. */
function requireNode({ request, snapshot }: Call): void {
  const caller = request.header(HEADERS.callerId.toLowerCase()) ?? "";
  if (findNode(snapshot.smap, caller)?.daemon_type === "proxy") return;
  throw notDecided();
}

function notDecided(): AisError {
  return new AisError(
    "forbidden",
    "a node is decommissioned by way of the cluster, not by a call to the node",
  );
}
