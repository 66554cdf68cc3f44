/** Where options and the cluster config meet. */
import type { ClusterMember } from "@ais/cluster/member.ts";
import { followConfig, keepLogLevel } from "@ais/node/follow-config.ts";
import type { NodeLogger } from "@ais/node/logger.ts";
import type { NodeConfigs } from "@ais/node/node-config.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import { type ClusterConfig, defaultClusterConfig } from "@ais/wire/cluster-config.ts";
import type { ParsedOptions } from "./options.ts";
import type { TracingChoice } from "./tracing-section.ts";

/** The config of a cluster that this node makes. */
export function initialConfig(tracing: TracingChoice): ClusterConfig {
  return { ...defaultClusterConfig(), ...(tracing.initial === null ? {} : { tracing: tracing.initial }) };
}

/** Applies the config now and at every change, as far as no flag says otherwise. Returns the way to stop. */
export async function applyConfig(
  nodeConfig: NodeConfigs,
  logger: NodeLogger,
  tracing: Tracing,
  choice: TracingChoice,
  { options, sources }: ParsedOptions,
  traceKey: Uint8Array,
): Promise<() => void> {
  const stop = await followConfig({
    nodeConfig,
    logger,
    tracing,
    tracingSection: (config) => choice.inForce(config.tracing),
    traceKey,
  });
  if (sources["log-level"] !== "flag") return stop;
  const stopKeeping = keepLogLevel(options["log-level"], nodeConfig, logger);
  return () => {
    stopKeeping();
    stop();
  };
}

/**
 * A cluster whose config has no tracing section takes over the environment's, so that what is in force can be seen, and
 * changed key by key, with the means that the cluster has for that.
 */
export async function offerTracing(member: ClusterMember, { fromEnvironment }: TracingChoice): Promise<void> {
  if (fromEnvironment === null || member.snapshot.config.tracing !== undefined) return;
  await member.updateConfig(
    (config) => (config.tracing === undefined ? { ...config, tracing: fromEnvironment } : null),
    NOOP_SPAN,
  );
}
