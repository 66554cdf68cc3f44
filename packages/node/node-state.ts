/** What a node says of itself and of its view of the cluster (wire-compat 5.3). */
import { systemClock } from "@ais/base/clock.ts";
import {
  EMPTY_TCDF,
  type Node,
  type NodeStateInfo,
  type NodeStatus,
  nodeStateInfo,
  STATE_FLAGS,
  type Tcdf,
} from "@ais/wire/node-status.ts";
import { AIS_VERSION } from "@ais/wire/version.ts";
import type { NodeServices } from "./call.ts";

const NS_PER_MS = 1e6;

export function uptimeNs({ facts }: NodeServices): bigint {
  return BigInt(Math.round((systemClock.monotonicMs() - facts.startedMonotonicMs) * NS_PER_MS));
}

export function stateInfo({ member, alertFlags }: NodeServices): NodeStateInfo {
  const { smap, bmd, config } = member.snapshot;
  const clusterStarted = smap.proxy_si === null ? 0 : STATE_FLAGS.clusterStarted;
  const nodeStarted = member.isReady ? STATE_FLAGS.nodeStarted : 0;
  return nodeStateInfo({ smap, bmd, config, flags: clusterStarted | nodeStarted | (alertFlags?.() ?? 0) });
}

/** `what=node_stats`. */
export function nodeStats(services: NodeServices, capacity: Tcdf = EMPTY_TCDF): Node {
  const { member, metrics } = services;
  return {
    snode: member.self,
    tracker: { ...metrics.tracker(), "up.ns.time": uptimeNs(services) },
    capacity,
  };
}

/** `what=node_status`. */
export async function nodeStatus(services: NodeServices, capacity: Tcdf = EMPTY_TCDF): Promise<NodeStatus> {
  const { facts, member } = services;
  return {
    ...nodeStats(services, capacity),
    status: "",
    deployment: facts.deployment,
    ais_version: AIS_VERSION,
    build_time: facts.buildTime,
    k8s_pod_name: facts.podName,
    cluster: stateInfo(services),
    sys_info: await services.system.read(),
    smap_version: member.snapshot.smap.version,
  };
}
