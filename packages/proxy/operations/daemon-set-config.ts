import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { readActMsg, refuseAction } from "../act-msg-body.ts";

const UNSUPPORTED_ACTIONS = [
  ACTIONS.setConfig,
  ACTIONS.resetConfig,
  ACTIONS.rotateLogs,
  ACTIONS.resetStats,
  ACTIONS.shutdownNode,
];

/**
 * Settings of one node apart from the cluster's do not exist here: all nodes follow one document, so that none differs
 * for a forgotten reason. Every change is refused by name.
 */
export async function daemonSetConfig(call: Call): Promise<never> {
  const [item = ""] = call.rest;
  if (item !== "") {
    throw new AisError(
      "unsupported",
      `"${item}" of one node is not supported: change the cluster's configuration`,
    );
  }
  throw refuseAction((await readActMsg(call)).action, UNSUPPORTED_ACTIONS);
}
