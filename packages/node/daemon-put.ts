/**
 * `daemon.set-config` of both roles (wire-compat 1.3, 2.2): settings of this node's own, in the query; and what an action
 * message asks of its settings, its log and its statistics.
 */
import { AisError } from "@ais/base/errors.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { checkTransient } from "@ais/wire/config-patch.ts";
import { unknownAction } from "@ais/wire/error-texts.ts";
import { flatSettings, type NodeSettings } from "@ais/wire/node-override.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";
import { emptyReply } from "./replies.ts";

const SET_CONFIG = "set-config";
/** Items after `/v1/daemon/` that AIStore has. */
const UNSUPPORTED_ITEMS: readonly string[] = ["proxy", "mountpaths", "load-x509", "syncsmap"];

export async function daemonPut(call: Call, services: NodeServices): Promise<HttpReply> {
  const [item = "", ...more] = call.rest;
  if (item === SET_CONFIG && more.length === 0) return setConfig(settingsOfQuery(call), call, services);
  if (UNSUPPORTED_ITEMS.includes(item))
    throw new AisError("unsupported", `"${call.rest.join("/")}" of one node is not supported`);
  throw new AisError("badRequest", `invalid request URI "${call.request.rawPath}"`);
}

/** What an action message asks of this node, whoever it came through. */
export async function act(message: ActMsg, call: Call, services: NodeServices): Promise<HttpReply> {
  const { action, value } = message;
  const { nodeConfig, logger, metrics, workers } = services;
  switch (action) {
    case ACTIONS.setConfig:
      return setConfig(flatSettings(value), call, services);
    case ACTIONS.resetConfig:
      await nodeConfig.reset();
      await workers.takeSettings(nodeConfig.settings);
      logger.log("info", "this node follows the cluster's configuration again", {}, call.span);
      return emptyReply();
    case ACTIONS.rotateLogs:
      await logger.rotate();
      return emptyReply();
    case ACTIONS.resetStats:
      if (typeof value !== "boolean")
        throw new AisError("badRequest", `invalid value of action "${action}": expecting true or false`);
      metrics.reset(value);
      await workers.resetStats(value);
      return emptyReply();
  }
  throw unknownAction(action);
}

/** Settings of this node alone, until it stops when the query says `transient`. */
export async function setConfig(
  settings: NodeSettings,
  call: Call,
  services: NodeServices,
): Promise<HttpReply> {
  const names = Object.keys(settings);
  if (names.length === 0) throw new AisError("badRequest", "no settings to change");
  const isTransient = call.query.flag(QUERY.transient);
  if (isTransient) checkTransient(names);
  const { nodeConfig, workers } = services;
  await nodeConfig.set(settings, isTransient);
  await workers.takeSettings(nodeConfig.settings);
  const fields = { settings: names.join(", "), transient: isTransient };
  services.logger.log("info", "changed this node's own configuration", fields, call.span);
  return emptyReply();
}

function settingsOfQuery({ query }: Call): NodeSettings {
  return Object.fromEntries([...query.entries()].filter(([name]) => name !== QUERY.transient));
}
