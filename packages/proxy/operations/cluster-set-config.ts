import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import { patchClusterConfig, patchFromQuery, refuseTransient, resetClusterConfig } from "@ais/wire/config-patch.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

const SET_CONFIG = "set-config";
/** Actions of `PUT /v1/cluster` that this server does not have yet. */
const UNSUPPORTED_ACTIONS = [
  ACTIONS.start,
  ACTIONS.stop,
  ACTIONS.rotateLogs,
  ACTIONS.resetStats,
  ACTIONS.shutdownCluster,
  ACTIONS.decommissionCluster,
  ACTIONS.startMaintenance,
  ACTIONS.stopMaintenance,
  ACTIONS.shutdownNode,
  ACTIONS.decommissionNode,
  ACTIONS.removeNodeUnsafe,
  "clear-lcache",
  "reload-creds",
];
/** Items after `/v1/cluster/` that AIStore has. */
const UNSUPPORTED_ITEMS = ["proxy", "attach", "detach", "enable-bend", "disable-bend", "load-x509"];

/**
 * Changes the cluster configuration, by dotted names in the query (`PUT /v1/cluster/set-config?log.level=4`) or by a
 * nested object in an action message (wire-compat 5.7). Every node follows the new section when the reply goes out.
 */
export async function clusterSetConfig(call: Call, services: ProxyServices): Promise<HttpReply> {
  const change = await requestedChange(call);
  if (change.fields !== null && call.query.flag(QUERY.transient)) refuseTransient(change.fields);
  const snapshot = await services.member.updateConfig(change.apply, call.span);
  await syncDocument("config", snapshot, call, services);
  const version = snapshot.config.config_version;
  services.logger.log("info", "changed the cluster configuration", { change: change.text, version }, call.span);
  return emptyReply();
}
