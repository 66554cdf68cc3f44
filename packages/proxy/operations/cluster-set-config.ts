import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import type { ClusterConfig } from "@ais/wire/cluster-config.ts";
import { applyConfigJson, applyConfigPatch } from "@ais/wire/config-patch.ts";
import { flatSettings, type NodeSettings } from "@ais/wire/node-override.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { setOnEveryNode } from "../every-node.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

const SET_CONFIG = "set-config";
/** Items after `/v1/cluster/` that AIStore has. */
const UNSUPPORTED_ITEMS = ["attach", "detach", "enable-bend", "disable-bend", "load-x509"];

/**
 * `cluster.set-config`: changes the cluster configuration by dotted names in the query (`PUT
 * /v1/cluster/set-config?log.level=4`, wire-compat 5.7). Every node follows the new section when the reply goes out.
 */
export async function clusterSetConfig(call: Call, services: ProxyServices): Promise<HttpReply> {
  const [item = "", ...more] = call.rest;
  if (item === SET_CONFIG && more.length === 0) {
    const dotted = settingsOfQuery(call);
    return call.query.flag(QUERY.transient)
      ? setOnEveryNode(dotted, call, services)
      : changeConfig(Object.keys(dotted), (config) => applyConfigPatch(config, dotted), call, services);
  }
  if (UNSUPPORTED_ITEMS.includes(item)) {
    throw new AisError("unsupported", `"${call.rest.join("/")}" of the cluster is not supported`);
  }
  throw new AisError("badRequest", `invalid request URI "${call.request.rawPath}"`);
}

/** The same by an action message with a nested object. */
export async function setConfigByMessage(
  { value }: ActMsg,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply> {
  // The cluster's document persists, so what is not to persist is each node's.
  return call.query.flag(QUERY.transient)
    ? setOnEveryNode(flatSettings(value), call, services)
    : changeConfig(settingNames(value), (config) => applyConfigJson(config, value), call, services);
}

async function changeConfig(
  names: readonly string[],
  apply: (current: ClusterConfig) => ClusterConfig,
  call: Call,
  services: ProxyServices,
): Promise<HttpReply> {
  const snapshot = await services.member.updateConfig(apply, call.span);
  await syncDocument("config", snapshot, call, services);
  // Values may be secrets.
  const fields = { settings: names.join(", "), version: snapshot.config.config_version };
  services.logger.log("info", "changed the cluster configuration", fields, call.span);
  return emptyReply();
}

function settingsOfQuery(call: Call): NodeSettings {
  const settings = [...call.query.entries()].filter(([name]) => name !== QUERY.transient);
  if (settings.length === 0) throw new AisError("badRequest", "no settings to change in the query");
  return Object.fromEntries(settings);
}

/** Dotted names of the leaves of a nested change. */
function settingNames(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, member]) =>
    member === null ? [] : settingNames(member, prefix === "" ? key : `${prefix}.${key}`),
  );
}
