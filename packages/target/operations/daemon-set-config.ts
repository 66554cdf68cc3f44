/**
 * `daemon.set-config`: settings of this node alone. They last until it stops, so the caller must say `transient`; all other
 * settings belong to the cluster's document, which every node follows.
 */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { emptyReply } from "@ais/node/replies.ts";
import { applyConfigPatch, checkTransient } from "@ais/wire/config-patch.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { TargetServices } from "../services.ts";

const LOG_LEVEL = "log.level";

export function daemonSetConfig(call: Call, { logger }: TargetServices): HttpReply {
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
  const [refused] = Object.keys(settings).filter((name) => name !== LOG_LEVEL);
  if (refused !== undefined || !isTransient) {
    throw new AisError(
      "unsupported",
      `cannot change "${refused ?? LOG_LEVEL}" of one node: change the cluster's configuration, or "${LOG_LEVEL}" with transient=true`,
    );
  }
  logger.setVerbosity(changed.log.level);
  return emptyReply();
}
