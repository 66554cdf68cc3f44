/** Keeps what a daemon can change without a restart in step with the configuration in force on it. */
import type { Tracing } from "@ais/tracing/types.ts";
import { type ClusterConfig, tracingOf } from "@ais/wire/cluster-config.ts";
import type { TracingSection } from "@ais/wire/tracing-config.ts";
import { DEFAULT_VERBOSITY } from "./log-level.ts";
import type { NodeLogger } from "./logger.ts";
import type { NodeConfigs } from "./node-config.ts";

export interface FollowConfigOptions {
  readonly nodeConfig: NodeConfigs;
  readonly logger: NodeLogger;
  readonly tracing: Tracing;
  /** The section in force, where options or environment have a say; the config's own by default. */
  readonly tracingSection?: (config: ClusterConfig) => TracingSection;
  /** By which the nodes know each other's trace contexts. */
  readonly traceKey?: Uint8Array;
}

const LOG_LEVEL = "log.level";

/** Applies the current config, then every change. Returns the way to stop. */
export async function followConfig({
  nodeConfig,
  logger,
  tracing,
  tracingSection = tracingOf,
  traceKey,
}: FollowConfigOptions): Promise<() => void> {
  let applied = nodeConfig.inForce;
  // A level given at the start of the daemon stands until somebody changes the cluster's, or this node's own.
  if (nodeConfig.own(LOG_LEVEL) !== null || applied.log.level !== DEFAULT_VERBOSITY)
    logger.setVerbosity(applied.log.level);
  await tracing.configure(tracingSection(applied), traceKey);
  return nodeConfig.onChange(() => {
    const config = nodeConfig.inForce;
    if (config.log.level !== applied.log.level) logger.setVerbosity(config.log.level);
    const section = tracingSection(config);
    const isChanged = JSON.stringify(section) !== JSON.stringify(tracingSection(applied));
    if (isChanged) void tracing.configure(section, traceKey);
    applied = config;
  });
}

/** A level that a flag gave stands whatever the cluster says, but not against what somebody sets on this very node. */
export function keepLogLevel(level: string, nodeConfig: NodeConfigs, logger: NodeLogger): () => void {
  const keep = (): void => logger.setVerbosity(nodeConfig.own(LOG_LEVEL) ?? level);
  keep();
  return nodeConfig.onChange(keep);
}
