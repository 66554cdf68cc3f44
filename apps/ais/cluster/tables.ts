/** PROXY and TARGET tables of `ais show cluster`. */
import { asJsonObject, type JsonObject, numberAt, textAt, valueAt } from "@ais/client/json-view.ts";
import { HEALTHY_STATE_FLAGS, STATE_FLAGS } from "@ais/wire/node-status.ts";
import type { Colors } from "../output/colors.ts";
import type { Column } from "../output/table.ts";
import { formatSize, formatUptime, type Units } from "../output/units.ts";
import { type NodeState, ONLINE } from "./node-states.ts";

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

interface Cell {
  readonly name: string;
  /** A column without any such node is left out. */
  readonly shownFor?: (state: NodeState) => boolean;
  readonly text: (state: NodeState, style: TableStyle) => string;
}

/** How a table is to look. */
export interface TableStyle {
  readonly colors: Colors;
  readonly units: Units;
}

const UNKNOWN = "-";
const MEMORY_LOW_BYTES = 1024 ** 3;
const MEMORY_OUT_BYTES = 200 * 1024 ** 2;

const isOffline = (state: NodeState): boolean => state.state !== ONLINE;

const SHARED_CELLS: readonly Cell[] = [
  { name: "MEM USED(%)", text: ({ status }) => `${numberAt(status, "sys_info.pct_mem_used").toFixed(2)}%` },
  {
    name: "MEM AVAIL",
    text: ({ status }, { units }) => formatSize(numberAt(status, "sys_info.mem_avail"), units),
  },
];

const CAPACITY_CELLS: readonly Cell[] = [
  { name: "CAP USED(%)", text: ({ status }) => `${numberAt(status, "capacity.pct_avg")}%` },
  { name: "CAP AVAIL", text: ({ status }, { units }) => formatSize(availableBytes(status), units, 3) },
];

const REBALANCE_CELL: Cell = {
  name: "REBALANCE",
  shownFor: ({ status }) => rebalanceText(status) !== "",
  text: ({ status }) => rebalanceText(status) || UNKNOWN,
};

const LAST_CELLS: readonly Cell[] = [
  { name: "SYS CPU(%)", text: ({ status }) => `${numberAt(status, "sys_info.cpu_util")}%` },
  { name: "LOAD AVERAGE", text: ({ status }) => loadText(status) },
  { name: "UPTIME", text: ({ status }, { units }) => uptimeText(status, units) },
  {
    name: "K8s POD",
    shownFor: ({ status }) => textAt(status, "k8s_pod_name") !== "",
    text: ({ status }) => textAt(status, "k8s_pod_name"),
  },
  {
    name: "STATUS",
    shownFor: (state) => isOffline(state) || memoryAlert(state.status) !== "",
    text: (state, { colors }) =>
      isOffline(state) ? colors.red(state.state) : ONLINE + memoryAlert(state.status),
  },
  {
    name: "ALERT",
    shownFor: (state) => !isOffline(state) && stateFlags(state) !== HEALTHY_STATE_FLAGS,
    text: (state, { colors }) => alertText(stateFlags(state), colors),
  },
];

export function proxyTable(states: readonly NodeState[], style: TableStyle): Table {
  return makeTable("PROXY", [...SHARED_CELLS, ...LAST_CELLS], states, style);
}

export function targetTable(states: readonly NodeState[], style: TableStyle): Table {
  return makeTable(
    "TARGET",
    [...SHARED_CELLS, ...CAPACITY_CELLS, REBALANCE_CELL, ...LAST_CELLS],
    states,
    style,
  );
}

function makeTable(
  title: string,
  cells: readonly Cell[],
  states: readonly NodeState[],
  style: TableStyle,
): Table {
  const columns = cells.map(({ name, shownFor }) => ({
    name,
    hidden: shownFor !== undefined && !states.some(shownFor),
  }));
  const rows = states.map((state) => [
    nodeTitle(state),
    ...cells.map((cell) => (isOffline(state) && cell.name !== "STATUS" ? UNKNOWN : cell.text(state, style))),
  ]);
  return { columns: [{ name: title }, ...columns], rows };
}

function nodeTitle({ snode, isPrimary }: NodeState): string {
  const letter = snode.daemon_type === "proxy" ? "p" : "t";
  return `${letter}[${snode.daemon_id}]${isPrimary ? "[P]" : ""}`;
}

/** Mountpaths of one file system share its capacity. */
function availableBytes(status: JsonObject): number {
  const byFileSystem = new Map<string, number>();
  for (const [path, usage] of Object.entries(asJsonObject(valueAt(status, "capacity.mountpaths")))) {
    byFileSystem.set(textAt(usage, "fs.FsID") || path, numberAt(usage, "avail"));
  }
  return [...byFileSystem.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** `running(g3)`: the newest rebalance that the target took part in. Empty without one. */
export function rebalanceText(status: JsonObject): string {
  const id = textAt(status, "rebalance_snap.id");
  if (id === "") return "";
  const isAborted = textAt(status, "rebalance_snap.aborted") === "true";
  const isRunning = textAt(status, "rebalance_snap.end-time").startsWith("0001-");
  return `${isAborted ? "aborted" : isRunning ? "running" : "finished"}(${id})`;
}

function loadText(status: JsonObject): string {
  const loads = ["One", "Five", "Fifteen"].map((period) => numberAt(status, `sys_info.load_avg.${period}`));
  return loads.every((load) => load === 0) ? UNKNOWN : `[${loads.map((load) => load.toFixed(1)).join(" ")}]`;
}

function uptimeText(status: JsonObject, units: Units): string {
  // The counter's name has dots of its own.
  const uptimeNs = Number(asJsonObject(status.tracker)["up.ns.time"] ?? 0);
  return uptimeNs > 0 ? formatUptime(uptimeNs, units) : UNKNOWN;
}

function memoryAlert(status: JsonObject): string {
  const available = numberAt(status, "sys_info.mem_avail");
  const usedPercent = numberAt(status, "sys_info.pct_mem_used");
  if (available < MEMORY_OUT_BYTES || usedPercent >= 90) return " (out of memory)";
  return available < MEMORY_LOW_BYTES || usedPercent >= 80 ? " (low on memory)" : "";
}

function stateFlags({ status }: NodeState): number {
  return numberAt(status, "cluster.flags");
}

function alertText(flags: number, colors: Colors): string {
  if (flags === HEALTHY_STATE_FLAGS) return "ok";
  const missing = (HEALTHY_STATE_FLAGS & ~flags) === 0 ? [] : ["not-started"];
  const raised = Object.entries(STATE_FLAGS)
    .filter(([, bit]) => (HEALTHY_STATE_FLAGS & bit) === 0 && (flags & bit) !== 0)
    .map(([name]) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
  return colors.yellow([...missing, ...raised].join(","));
}
