/** Keeps what a daemon can change without a restart in step with the cluster config. */
import type { ClusterMember } from "@ais/cluster/member.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import { type ClusterConfig, tracingOf } from "@ais/wire/cluster-config.ts";
import type { TracingSection } from "@ais/wire/tracing-config.ts";
import { DEFAULT_VERBOSITY } from "./log-level.ts";
import type { NodeLogger } from "./logger.ts";

export interface FollowConfigOptions {
  readonly member: ClusterMember;
  readonly logger: NodeLogger;
  readonly tracing: Tracing;
  /** The section in force, where options or environment have a say; the config's own by default. */
  readonly tracingSection?: (config: ClusterConfig) => TracingSection;
  /** By which the nodes know each other's trace contexts. */
  readonly traceKey?: Uint8Array;
}

/** Applies the current config, then every change. Returns the way to stop. */
export async function followConfig({
  member,
  logger,
  tracing,
  tracingSection = tracingOf,
  traceKey,
}: FollowConfigOptions): Promise<() => void> {
  let applied = member.snapshot.config;
  // A level given at the start of the daemon stands until somebody changes the cluster's.
  if (applied.log.level !== DEFAULT_VERBOSITY) logger.setVerbosity(applied.log.level);
  await tracing.configure(tracingSection(applied), traceKey);
  return member.onChange(({ document, after }) => {
    if (document !== "config") return;
    const { config } = after;
    if (config.log.level !== applied.log.level) logger.setVerbosity(config.log.level);
    const section = tracingSection(config);
    const isChanged = JSON.stringify(section) !== JSON.stringify(tracingSection(applied));
    if (isChanged) void tracing.configure(section, traceKey);
    applied = config;
  });
}
