/** `daemon.get` answers that both roles give (wire-compat 5.3). */
import { AisError } from "@ais/base/errors.ts";
import { type NodeConfig, nodeConfig } from "@ais/wire/local-config.ts";
import type { Tcdf } from "@ais/wire/node-status.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import { AIS_VERSION } from "@ais/wire/version.ts";
import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";
import { archiveLogs } from "./log-archive.ts";
import type { LogSeverity } from "./logger.ts";
import { mergeTracingStats } from "./metrics/merge-tracing-stats.ts";
import { nodeStats, nodeStatus } from "./node-state.ts";
import { jsonReply, textReply } from "./replies.ts";
import { nodeInFlight } from "./requests/node-in-flight.ts";

const SEVERITIES: Readonly<Record<string, LogSeverity>> = {
  "": "info",
  info: "info",
  warning: "warning",
  error: "error",
};

/** Null when `what` is not one of these: then it is the role's own, or unrecognized. `capacity` is a target's. */
export async function daemonInfo(
  call: Call,
  services: NodeServices,
  capacity?: () => Promise<Tcdf>,
): Promise<HttpReply | null> {
  const { member, metrics, tracing, workers } = services;
  const { smap, bmd, config } = call.snapshot;
  switch (call.query.get(QUERY.what)) {
    case WHAT.smap:
      return jsonReply(smap);
    case WHAT.smapVote:
      return jsonReply({ smap, vote_in_progress: smap.proxy_si === null });
    case WHAT.bmd:
      return jsonReply(bmd);
    case WHAT.clusterConfig:
      return jsonReply(config);
    case WHAT.config:
      return jsonReply(configOf(services));
    case WHAT.snode:
      return jsonReply(member.self);
    case WHAT.nodeStats:
      return jsonReply(await nodeStats(services, await capacity?.()));
    case WHAT.nodeStatus:
      return jsonReply(await nodeStatus(services, await capacity?.()));
    case WHAT.sysInfo:
      return jsonReply(await services.system.read());
    case WHAT.metrics:
      await metrics.refresh();
      return jsonReply(metrics.kinds());
    case WHAT.softwareVersion:
      return textReply(AIS_VERSION);
    case WHAT.log:
      return logReply(call, services);
    case WHAT.tracing:
      return jsonReply(mergeTracingStats([tracing.stats(), ...(await workers.tracingStats())]));
    case WHAT.inFlight:
      return jsonReply(await nodeInFlight(services));
    case WHAT.tlsCertificate:
      throw new AisError("notFound", "this node has no TLS certificate: it serves plain HTTP");
    default:
      return null;
  }
}

/** With the log level that stands, which a flag may have set. */
function configOf({ nodeConfig: { inForce }, logger, facts }: NodeServices): NodeConfig {
  return nodeConfig({ ...inForce, log: { ...inForce.log, level: logger.verbosity } }, facts.localConfig);
}

async function logReply({ query }: Call, { logger }: NodeServices): Promise<HttpReply> {
  if (query.flag(QUERY.logAll)) {
    const archive = await archiveLogs(await logger.files());
    return { status: 200, headers: [["Content-Type", "application/gzip"]], body: archive };
  }
  const name = query.get(QUERY.logSeverity) ?? "";
  const severity = Object.hasOwn(SEVERITIES, name) ? SEVERITIES[name] : undefined;
  if (severity === undefined) {
    throw new AisError("badRequest", `invalid log severity "${name}", expecting info, warning or error`);
  }
  const offset = query.get(QUERY.logOffset) ?? "0";
  if (!/^\d{1,15}$/.test(offset)) throw new AisError("badRequest", `invalid log offset "${offset}"`);
  return textReply(await logger.read(severity, Number(offset)));
}
