/** What a node says of itself and of its view of the cluster (wire-compat 5.3). */
import { systemClock } from "@ais/base/clock.ts";
import type { JobEntry } from "@ais/cluster/jobs/job-directory.ts";
import {
  EMPTY_TCDF,
  type Node,
  type NodeStateInfo,
  type NodeStatus,
  nodeStateInfo,
  STATE_FLAGS,
  type Tcdf,
} from "@ais/wire/node-status.ts";
import { findNode, isActive } from "@ais/wire/smap.ts";
import { AIS_VERSION } from "@ais/wire/version.ts";
import type { NodeServices } from "./call.ts";
import { jobSnap } from "./jobs/job-views.ts";
import { mergeDumps } from "./metrics/dump.ts";

const NS_PER_MS = 1e6;

export function uptimeNs({ facts }: NodeServices): bigint {
  return BigInt(Math.round((systemClock.monotonicMs() - facts.startedMonotonicMs) * NS_PER_MS));
}

export function stateInfo(services: NodeServices): NodeStateInfo {
  const { smap, bmd, config, rmd } = services.member.snapshot;
  return nodeStateInfo({ smap, bmd, config, rmd, flags: stateFlags(services) });
}

function stateFlags(services: NodeServices): number {
  const { member, alertFlags } = services;
  const clusterStarted = member.snapshot.smap.proxy_si === null ? 0 : STATE_FLAGS.clusterStarted;
  const nodeStarted = member.isReady ? STATE_FLAGS.nodeStarted : 0;
  return clusterStarted | nodeStarted | rebalanceFlags(services) | (alertFlags?.() ?? 0);
}

/** The gauge `state_flags` (wire-compat 11.2). */
export function exposeState(services: NodeServices): void {
  const help = "what the node is in, as bits of the node state";
  services.metrics.collect("state_flags", help, "gauge", () => [[{}, stateFlags(services)]]);
}

function rebalanceFlags(services: NodeServices): number {
  const { member } = services;
  const self = findNode(member.snapshot.smap, member.self.daemon_id);
  const maintenance = self === null || isActive(self) ? 0 : STATE_FLAGS.maintenance;
  const share = ownRebalance(services);
  return maintenance | (share !== null && share.record.end === null ? STATE_FLAGS.rebalancing : 0);
}

/** The newest rebalance that this target has, or had, a part in; null without one. */
function ownRebalance({ jobs, member }: NodeServices): JobEntry | null {
  const id = member.self.daemon_id;
  return (
    jobs.list().findLast(({ record }) => record.kind === "rebalance" && record.targets.includes(id)) ?? null
  );
}

/** `what=node_stats`. */
export async function nodeStats(services: NodeServices, capacity: Tcdf = EMPTY_TCDF): Promise<Node> {
  const { member, metrics, workers } = services;
  await metrics.refresh();
  const counted = mergeDumps([metrics.dump(), ...(await workers.metrics())]).tracker;
  return {
    snode: member.self,
    tracker: { ...counted, "up.ns.time": uptimeNs(services) },
    capacity,
  };
}

/** `what=node_status`. */
export async function nodeStatus(services: NodeServices, capacity: Tcdf = EMPTY_TCDF): Promise<NodeStatus> {
  const { facts, member } = services;
  const rebalance = ownRebalance(services);
  return {
    ...(await nodeStats(services, capacity)),
    status: "",
    deployment: facts.deployment,
    ais_version: AIS_VERSION,
    build_time: facts.buildTime,
    k8s_pod_name: facts.podName,
    cluster: stateInfo(services),
    sys_info: await services.system.read(),
    smap_version: member.snapshot.smap.version,
    ...(rebalance === null
      ? {}
      : { rebalance_snap: jobSnap(rebalance.record, rebalance.shares.get(facts.id) ?? null) }),
  };
}
