/** `cluster.act`: `PUT /v1/cluster` does what the action in the body says (wire-compat 2.2). */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply, textReply } from "@ais/node/replies.ts";
import { type ActMsg, parseActMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { parseJobQuery } from "@ais/wire/jobs/job-query.ts";
import { ACT_MSG_LIMIT_BYTES, refuseAction } from "../act-msg-body.ts";
import { actOnEveryNode } from "../every-node.ts";
import { startClusterJob, stopClusterJobs } from "../jobs/cluster-jobs.ts";
import { forwardToPrimary } from "../membership/forward.ts";
import { removeNodes } from "../membership/remove-nodes.ts";
import { stopMaintenance } from "../membership/stop-maintenance.ts";
import { endCluster } from "../membership/whole-cluster.ts";
import type { ProxyServices } from "../services.ts";
import { setConfigByMessage } from "./cluster-set-config.ts";

/** Actions of AIStore that this server does not have. */
const UNSUPPORTED_ACTIONS = ["clear-lcache", "reload-creds"];

type Action = (message: ActMsg, call: Call, services: ProxyServices) => Promise<HttpReply>;

/** Changes of the membership, which are the primary's to make. */
const AT_PRIMARY: Readonly<Record<string, Action>> = {
  [ACTIONS.startMaintenance]: removal(ACTIONS.startMaintenance),
  [ACTIONS.shutdownNode]: removal(ACTIONS.shutdownNode),
  [ACTIONS.decommissionNode]: removal(ACTIONS.decommissionNode),
  [ACTIONS.removeNodeUnsafe]: removal(ACTIONS.removeNodeUnsafe),
  [ACTIONS.stopMaintenance]: async ({ value }, call, services) =>
    idReply(await stopMaintenance(value, call, services)),
  [ACTIONS.shutdownCluster]: ending,
  [ACTIONS.decommissionCluster]: ending,
};

/** What any proxy does. */
const ANYWHERE: Readonly<Record<string, Action>> = {
  [ACTIONS.start]: startClusterJob,
  [ACTIONS.stop]: stopClusterJobs,
  [ACTIONS.setConfig]: setConfigByMessage,
  [ACTIONS.resetConfig]: actOnEveryNode,
  [ACTIONS.rotateLogs]: actOnEveryNode,
  [ACTIONS.resetStats]: actOnEveryNode,
};

export async function clusterAct(call: Call, services: ProxyServices): Promise<HttpReply> {
  const body = await call.request.bytes(ACT_MSG_LIMIT_BYTES);
  const message = parseActMsg(new TextDecoder().decode(body));
  const { action } = message;
  if (call.span.recording) call.span.set("ais.action", action);
  const anywhere = Object.hasOwn(ANYWHERE, action) ? ANYWHERE[action] : undefined;
  if (isRebalance(message)) {
    const forwarded = await forwardToPrimary(call, body, services);
    if (forwarded !== null) return forwarded;
  }
  if (anywhere !== undefined) return anywhere(message, call, services);
  const atPrimary = Object.hasOwn(AT_PRIMARY, action) ? AT_PRIMARY[action] : undefined;
  if (atPrimary === undefined) throw refuseAction(action, UNSUPPORTED_ACTIONS);
  return (await forwardToPrimary(call, body, services)) ?? atPrimary(message, call, services);
}

/** The one job that changes with the membership. */
function isRebalance({ action, value }: ActMsg): boolean {
  return action === ACTIONS.start && parseJobQuery(value ?? {}).kind === "rebalance";
}

function removal(action: Parameters<typeof removeNodes>[0]): Action {
  return async ({ value }, call, services) => idReply(await removeNodes(action, value, call, services));
}

async function ending(message: ActMsg, call: Call, services: ProxyServices): Promise<HttpReply> {
  await endCluster(message, call, services);
  return emptyReply();
}

/** The id of the rebalance as text, where one was started. */
function idReply(id: string): HttpReply {
  return id === "" ? emptyReply() : textReply(id);
}
