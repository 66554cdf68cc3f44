import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import type { ActMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { type ClusterConfig, defaultClusterConfig } from "@ais/wire/cluster-config.ts";
import { applyConfigJson, applyConfigPatch, checkTransient } from "@ais/wire/config-patch.ts";
import { QUERY } from "@ais/wire/queries.ts";
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
  return setConfig(changeOfItem(call), call, services);
}

/** The same by an action message: a nested object, or the defaults. */
export function setConfigByMessage(message: ActMsg, call: Call, services: ProxyServices): Promise<HttpReply> {
  return setConfig(changeOfMessage(message), call, services);
}

async function setConfig(change: ConfigChange, call: Call, services: ProxyServices): Promise<HttpReply> {
  if (call.query.flag(QUERY.transient)) refuseTransient(change.names);
  const snapshot = await services.member.updateConfig(change.apply, call.span);
  await syncDocument("config", snapshot, call, services);
  const fields = { settings: change.names.join(", "), version: snapshot.config.config_version };
  services.logger.log("info", "changed the cluster configuration", fields, call.span);
  return emptyReply();
}

interface ConfigChange {
  /** Of the settings named, for the log; values may be secrets. */
  readonly names: readonly string[];
  apply(current: ClusterConfig): ClusterConfig;
}

function changeOfItem(call: Call): ConfigChange {
  const [item = "", ...more] = call.rest;
  if (item === SET_CONFIG && more.length === 0) return changeOfQuery(call);
  if (UNSUPPORTED_ITEMS.includes(item)) {
    throw new AisError("unsupported", `"${call.rest.join("/")}" of the cluster is not supported`);
  }
  throw new AisError("badRequest", `invalid request URI "${call.request.rawPath}"`);
}

function changeOfQuery(call: Call): ConfigChange {
  const settings = [...call.query.entries()].filter(([name]) => name !== QUERY.transient);
  if (settings.length === 0) throw new AisError("badRequest", "no settings to change in the query");
  const dotted = Object.fromEntries(settings);
  return {
    names: Object.keys(dotted),
    apply: (current) => applyConfigPatch(current, dotted),
  };
}

function changeOfMessage({ action, value }: ActMsg): ConfigChange {
  return action === ACTIONS.resetConfig
    ? { names: ["(reset)"], apply: resetToDefaults }
    : { names: settingNames(value), apply: (current) => applyConfigJson(current, value) };
}

/** Defaults, with what identifies the cluster kept. */
function resetToDefaults(current: ClusterConfig): ClusterConfig {
  const { uuid, config_version, lastupdate_time, proxy, backend } = current;
  return { ...defaultClusterConfig(), uuid, config_version, lastupdate_time, proxy, backend };
}

/** Settings live in one document that persists: to accept a transient change would be to persist it. */
function refuseTransient(names: readonly string[]): never {
  checkTransient(names);
  throw new AisError("unsupported", `transient changes are not supported: ${names.join(", ")} would persist`);
}

/** Dotted names of the leaves of a nested change. */
function settingNames(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [prefix];
  return Object.entries(value).flatMap(([key, member]) =>
    member === null ? [] : settingNames(member, prefix === "" ? key : `${prefix}.${key}`),
  );
}
