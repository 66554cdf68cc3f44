/** The way to become a member of a cluster: `createClusterMember`, then `run`. */
import { assert } from "@ais/base/assert.ts";
import { type Clock, systemClock } from "@ais/base/clock.ts";
import type { Logger } from "@ais/base/log.ts";
import type { Tracing } from "@ais/tracing/types.ts";
import { type ClusterConfig, defaultClusterConfig } from "@ais/wire/cluster-config.ts";
import type { Snode } from "@ais/wire/smap.ts";
import { createCluster, generateUuid, loadCluster } from "./bootstrap.ts";
import type { Coordinator } from "./coordinator/coordinator.ts";
import type { ClusterMember } from "./member.ts";
import { Member } from "./member-impl.ts";
import { SnapshotStore } from "./snapshot-store.ts";
import { ATTRIBUTE, SPAN } from "./span-names.ts";

export interface ClusterMemberOptions {
  /** Stays open when the member is disposed of: it belongs to the caller. */
  readonly coordinator: Coordinator;
  readonly self: Snode;
  readonly logger: Logger;
  readonly tracing: Tracing;
  /** UUID of the cluster that the first proxy makes; generated when left out. Without meaning once there is a cluster. */
  readonly clusterUuid?: string;
  /** Config of the cluster that the first proxy makes. Without meaning once there is a cluster. */
  readonly initialConfig?: ClusterConfig;
  /** The cluster that this node's data belongs to: an empty coordinator or one of another cluster is refused. */
  readonly expectedClusterUuid?: string;
  /** A node that does not answer for so long leaves the Smap. */
  readonly leaseTtlMs?: number;
  readonly clock?: Clock;
}

export const DEFAULT_LEASE_TTL_MS = 4000;

/**
 * Reads the cluster's documents, so that the snapshot is the real one from the start; a proxy makes them when the
 * coordinator is empty, a target has the defaults until `run` finds them. Joins nothing yet. Errors, all of which mean
 * that the daemon must not start: `conflict`, `unsupported`, `internal` (see bootstrap.ts), `unavailable`.
 */
export async function createClusterMember(options: ClusterMemberOptions): Promise<ClusterMember> {
  const { coordinator, self, logger, tracing, expectedClusterUuid } = options;
  const { clock = systemClock, leaseTtlMs = DEFAULT_LEASE_TTL_MS } = options;
  assert(Number.isSafeInteger(leaseTtlMs) && leaseTtlMs > 0, "leaseTtlMs is a positive integer");
  const snapshots = new SnapshotStore(logger);
  const found = await loadCluster(coordinator, snapshots, expectedClusterUuid);
  if (!found && self.daemon_type === "proxy") {
    const uuid = options.clusterUuid ?? generateUuid();
    await createCluster(coordinator, uuid, options.initialConfig ?? defaultClusterConfig(), clock);
    await loadCluster(coordinator, snapshots, undefined);
    announceCreation(snapshots, uuid, logger, tracing);
  }
  return new Member({ coordinator, self, logger, tracing, snapshots, clock, leaseTtlMs });
}

/** Of several proxies that start at once, the one whose UUID was taken has made the cluster. */
function announceCreation(snapshots: SnapshotStore, uuid: string, logger: Logger, tracing: Tracing): void {
  if (snapshots.current.config.uuid !== uuid) return;
  const span = tracing.startRoot(SPAN.clusterCreate);
  span.set(ATTRIBUTE.clusterUuid, uuid);
  logger.log("info", "created a new cluster", { uuid }, span);
  span.end();
}
