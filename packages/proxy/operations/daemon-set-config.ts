import type { Call } from "@ais/node/call.ts";
import { daemonSetConfig as setConfig } from "@ais/node/daemon-set-config.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";
import type { ProxyServices } from "../services.ts";

const UNSUPPORTED_ACTIONS = [
  ACTIONS.setConfig,
  ACTIONS.resetConfig,
  ACTIONS.rotateLogs,
  ACTIONS.resetStats,
  ACTIONS.shutdownNode,
];

/** Settings in the query change this proxy alone; actions in a body are refused by name. */
export async function daemonSetConfig(call: Call, services: ProxyServices): Promise<HttpReply> {
  if (call.rest.length > 0) return setConfig(call, services);
  throw refuseAction((await readActMsg(call)).action, UNSUPPORTED_ACTIONS);
}
