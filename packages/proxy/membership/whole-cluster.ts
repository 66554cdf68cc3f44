/** Actions `shutdown` and `decommission` of the whole cluster (wire-compat 2.2). */
import type { Call } from "@ais/node/call.ts";
import { type ActMsg, actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { listBuckets, withoutBucket } from "@ais/wire/bmd.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { parseRemoveNodesMsg, type RemoveNodesMsg, removeNodesJson } from "@ais/wire/remove-nodes.ts";
import { allNodes, nodeName } from "@ais/wire/smap.ts";
import { broadcast } from "../broadcast.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

const TELL_TIMEOUT_MS = 5000;

/**
 * To be run at the primary: every other node is told to stop, then this one stops. With `rm_user_data` the buckets go as well,
 * so that the cluster is an empty one if it is started again.
 */
export async function endCluster(message: ActMsg, call: Call, services: ProxyServices): Promise<void> {
  const { logger, stopNode } = services;
  const { action } = message;
  const isForGood = action === ACTIONS.decommissionCluster;
  const options = parseRemoveNodesMsg(message.value);
  if (isForGood && options.rmUserData) await removeBuckets(call, services);
  await tellOthers(action, { ...options, rmUserData: isForGood && options.rmUserData }, call, services);
  logger.log("info", "ending the cluster", { action, removesUserData: options.rmUserData }, call.span);
  stopNode({
    reason: action,
    removeUserData: false,
    keepInitialConfig: true,
    staysUp: isForGood && options.noShutdown,
  });
}

async function tellOthers(
  action: string,
  options: RemoveNodesMsg,
  call: Call,
  services: ProxyServices,
): Promise<void> {
  const { facts, logger, member } = services;
  const others = allNodes(member.snapshot.smap).filter((node) => node.daemon_id !== facts.id);
  const request = {
    method: "PUT",
    path: PATHS.daemon,
    headers: { [HEADERS.contentType]: CONTENT_TYPES.json },
    body: encodeJson(actMsg(action, removeNodesJson(options))),
    timeoutMs: TELL_TIMEOUT_MS,
  };
  for (const { node, failure } of await broadcast("daemon.act", others, request, call, services)) {
    if (failure !== null)
      logger.log("warn", "a node was not told to stop", { node: nodeName(node), failure }, call.span);
  }
}

async function removeBuckets(call: Call, services: ProxyServices): Promise<void> {
  const snapshot = await services.member.updateBmd(
    (bmd) => listBuckets(bmd).reduce((next, { bucket }) => withoutBucket(next, bucket), bmd),
    call.span,
  );
  await syncDocument("bmd", snapshot, call, services);
}
