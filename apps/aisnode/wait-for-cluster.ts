import { sleep } from "@ais/base/lifecycle.ts";
import type { Logger } from "@ais/base/log.ts";
import type { ClusterMember } from "@ais/cluster/member.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";

const POLL_MS = 100;

/**
 * Resolves when the snapshot is that of a cluster with a map, or the signal aborts. A target that starts before the
 * first proxy needs this: it marks its mountpaths with the cluster's UUID before it may join.
 */
export async function waitForCluster(
  member: ClusterMember,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  for (let attempt = 0; member.snapshot.smap.uuid === "" && !signal.aborted; attempt++) {
    if (attempt === 1) logger.log("info", "waiting for the first proxy to create the cluster");
    if (attempt > 0) await sleep(POLL_MS, signal);
    for (const document of ["config", "bmd", "smap"] as const) await member.refresh(document, NOOP_SPAN);
  }
}
