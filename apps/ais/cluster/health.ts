/** Which nodes have something to report, for `ais show dashboard`. Pure. */
import { numberAt } from "@ais/client/json-view.ts";
import { STATE_FLAGS } from "@ais/wire/node-status.ts";
import { nodeName, SNODE_FLAGS } from "@ais/wire/smap.ts";
import { counted } from "../output/units.ts";
import type { NodeState } from "./node-states.ts";

const { outOfSpace, outOfMemory, outOfCpu, diskFault, diskOutOfSpace } = STATE_FLAGS;
/** What AIStore shows in red. */
const ALERT_FLAGS = outOfSpace | outOfMemory | outOfCpu | diskFault | diskOutOfSpace;
const WARNING_FLAGS =
  STATE_FLAGS.rebalancing |
  STATE_FLAGS.rebalanceInterrupted |
  STATE_FLAGS.resilvering |
  STATE_FLAGS.resilverInterrupted |
  STATE_FLAGS.nodeRestarted |
  STATE_FLAGS.maintenance |
  STATE_FLAGS.lowCapacity |
  STATE_FLAGS.lowMemory |
  STATE_FLAGS.lowCpu |
  STATE_FLAGS.keepAliveErrors |
  STATE_FLAGS.diskLowCapacity;

/** Names of nodes; one node may be in several lists. */
export interface Health {
  readonly nodes: number;
  /** Those that do not answer. */
  readonly offline: readonly string[];
  readonly alerts: readonly string[];
  readonly warnings: readonly string[];
  readonly maintenance: readonly string[];
  readonly decommission: readonly string[];
  readonly rebalancing: readonly string[];
}

export function healthOf(states: readonly NodeState[]): Health {
  const named = (isMeant: (state: NodeState) => boolean): readonly string[] =>
    states.filter(isMeant).map(({ snode }) => nodeName(snode));
  const hasFlag = (bits: number) => (state: NodeState) => (stateFlagsOf(state) & bits) !== 0;
  return {
    nodes: states.length,
    offline: named(({ state }) => state.startsWith("offline")),
    alerts: named(hasFlag(ALERT_FLAGS)),
    warnings: named(hasFlag(WARNING_FLAGS)),
    maintenance: named(({ snode }) => (snode.flags & SNODE_FLAGS.maintenance) !== 0),
    decommission: named(({ snode }) => (snode.flags & SNODE_FLAGS.decommission) !== 0),
    rebalancing: named(hasFlag(STATE_FLAGS.rebalancing)),
  };
}

/** None of a node that does not answer. */
export function stateFlagsOf({ status }: NodeState): number {
  return numberAt(status, "cluster.flags");
}

/** `Operational`, or how many nodes report what. */
export function healthText(health: Health): string {
  const { nodes, offline, alerts, warnings, maintenance, decommission, rebalancing } = health;
  const affected = new Set([
    ...offline,
    ...alerts,
    ...warnings,
    ...maintenance,
    ...decommission,
    ...rebalancing,
  ]);
  if (affected.size === 0) return "Operational";
  const parts = [
    [offline.length, `${offline.length} offline`],
    [alerts.length, counted(alerts.length, "alert")],
    [warnings.length, counted(warnings.length, "warning")],
    [maintenance.length, `${maintenance.length} in maintenance`],
    [decommission.length, `${decommission.length} being decommissioned`],
    [rebalancing.length, `${rebalancing.length} rebalancing`],
  ] as const;
  const texts = parts.flatMap(([count, text]) => (count === 0 ? [] : [text]));
  return `${affected.size} of ${counted(nodes, "node")}: ${texts.join(", ")}`;
}

/** One line for each list that is not empty: its title, and the nodes. */
export function healthDetails(health: Health): readonly (readonly [string, string])[] {
  const lists = [
    ["Offline", health.offline],
    ["Alerts", health.alerts],
    ["Warnings", health.warnings],
    ["Maintenance", health.maintenance],
    ["Decommission", health.decommission],
    ["Rebalancing", health.rebalancing],
  ] as const;
  return lists.flatMap(([title, nodes]) =>
    nodes.length === 0 ? [] : [[`${title} (${nodes.length}/${health.nodes})`, nodes.join(", ")] as const],
  );
}
