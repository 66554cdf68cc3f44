/**
 * `daemon.set-config` of both roles: settings of this node alone. They last until it stops, so the caller must say
 * `transient`; all other settings belong to the cluster's document, which every node follows.
 */
import { AisError } from "@ais/base/errors.ts";
import { applyConfigPatch, checkTransient } from "@ais/wire/config-patch.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";
import { emptyReply } from "./replies.ts";

const LOG_LEVEL = "log.level";

export function daemonSetConfig(call: Call, { logger, workers }: NodeServices): HttpReply {
  const [item = ""] = call.rest;
  if (item !== "set-config") {
    throw new AisError("unsupported", `this call of one node ("${call.rest.join("/")}") is not supported`);
  }
  const settings = Object.fromEntries([...call.query.entries()].filter(([name]) => name !== QUERY.transient));
  if (Object.keys(settings).length === 0) throw new AisError("badRequest", "no settings to change");
  // Unknown names and invalid values are the caller's mistake whatever the node could do with them.
  const changed = applyConfigPatch(call.snapshot.config, settings);
  const isTransient = call.query.flag(QUERY.transient);
  if (isTransient) checkTransient(Object.keys(settings));
  const refused = Object.keys(settings).find((name) => name !== LOG_LEVEL);
  if (refused !== undefined || !isTransient) {
    throw new AisError(
      "unsupported",
      `cannot change "${refused ?? LOG_LEVEL}" of one node, since all nodes follow the cluster's configuration; only "${LOG_LEVEL}" may differ, until the node restarts (transient=true)`,
    );
  }
  logger.setVerbosity(changed.log.level);
  workers.setVerbosity(changed.log.level);
  return emptyReply();
}
