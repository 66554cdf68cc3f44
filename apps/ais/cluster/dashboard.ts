/** Figures of `ais show dashboard`: what the cluster does and how it is, at a glance. Pure. */
import { asJsonObject, type JsonObject, numberAt, textAt, valueAt } from "@ais/client/json-view.ts";
import { STATE_FLAGS } from "@ais/wire/node-status.ts";
import { formatRate, type Units } from "../output/units.ts";
import { type Health, healthOf, healthText, stateFlagsOf } from "./health.ts";
import { type NodeState, ONLINE } from "./node-states.ts";

/** All nodes at one moment. */
export interface Look {
  readonly atMs: number;
  readonly states: readonly NodeState[];
}

interface Spread {
  readonly avg: number;
  readonly min: number;
  readonly max: number;
}

export interface Dashboard {
  readonly health: Health;
  /** Bytes a second between the two looks, of all targets. */
  readonly read_bps: number;
  readonly write_bps: number;
  readonly seconds: number;
  /** Since targets started, or their counters were reset. */
  readonly io_errors: number;
  /** Over the last minute, of the machines of targets; null without a target that answers. */
  readonly load_average: Spread | null;
  /** Percent, target by target, each file system once. */
  readonly disk_usage: Spread | null;
  readonly network: "healthy" | "cluster is idle" | "keep-alive errors";
  readonly mountpaths: number;
  /** Mountpaths of targets that have an alert about their disks. */
  readonly mountpath_warnings: number;
  readonly filesystems: Readonly<Record<string, number>>;
  readonly running_jobs: readonly string[];
}

const DISK_FLAGS =
  STATE_FLAGS.diskFault |
  STATE_FLAGS.diskOutOfSpace |
  STATE_FLAGS.diskLowCapacity |
  STATE_FLAGS.outOfSpace |
  STATE_FLAGS.lowCapacity;
const IO_ERRORS = ["err.io.get.n", "err.io.put.n", "err.io.del.n"] as const;

/** `jobs` are the kinds of those that run. */
export function dashboardOf(before: Look, now: Look, jobs: readonly string[]): Dashboard {
  const targets = onlineTargets(now);
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  const grown = (name: string): number =>
    targets.reduce((sum, target) => sum + growth(before, target, name), 0) / seconds;
  const total = (name: string): number => targets.reduce((sum, target) => sum + counter(target, name), 0);
  const hasKeepAliveErrors = targets.some((each) => (stateFlagsOf(each) & STATE_FLAGS.keepAliveErrors) !== 0);
  const operations = total("get.n") + total("put.n");
  const mountpaths = targets.flatMap(mountpathsOf);
  return {
    health: healthOf(now.states),
    read_bps: Math.round(grown("get.size")),
    write_bps: Math.round(grown("put.size")),
    seconds: Math.round(seconds * 10) / 10,
    io_errors: IO_ERRORS.reduce((sum, name) => sum + total(name), 0),
    load_average: spread(targets.map(({ status }) => numberAt(status, "sys_info.load_avg.One"))),
    disk_usage: spread(targets.flatMap(diskUsage)),
    network: hasKeepAliveErrors ? "keep-alive errors" : operations > 0 ? "healthy" : "cluster is idle",
    mountpaths: mountpaths.length,
    mountpath_warnings: targets
      .filter((target) => (stateFlagsOf(target) & DISK_FLAGS) !== 0)
      .flatMap(mountpathsOf).length,
    filesystems: countsOf(mountpaths.map((usage) => textAt(usage, "fs.FsType"))),
    running_jobs: [...new Set(jobs)].sort(),
  };
}

/** Titles and values in AIStore's order. */
export function dashboardLines(board: Dashboard, units: Units): readonly (readonly [string, string])[] {
  const rates = `Read ${formatRate(board.read_bps, units, 1)}, Write ${formatRate(board.write_bps, units, 1)}`;
  const warnings = board.mountpath_warnings;
  const healthy = `${board.mountpaths - warnings} healthy, ${warnings} warnings`;
  const filesystems = Object.entries(board.filesystems).map(([type, count]) => `${type}(${count})`);
  return [
    ["State", healthText(board.health)],
    ["Throughput", `${rates} (${board.seconds}s avg)`],
    ["I/O Errors", String(board.io_errors)],
    ["Load Avg", spreadText(board.load_average, "", " (1m)")],
    ["Disk Usage", spreadText(board.disk_usage, "%", "")],
    ["Network", board.network],
    ["Storage", `${board.mountpaths} mountpaths (${warnings === 0 ? "all healthy" : healthy})`],
    ["Filesystems", filesystems.join(", ") || "-"],
    ["Running Jobs", board.running_jobs.join(", ") || "None"],
  ];
}

function onlineTargets({ states }: Look): readonly NodeState[] {
  return states.filter(({ snode, state }) => snode.daemon_type === "target" && state === ONLINE);
}

/** Of a target that was not there before nothing is known; counters that began anew count from there. */
function growth({ states }: Look, target: NodeState, name: string): number {
  const earlier = states.find(({ snode }) => snode.daemon_id === target.snode.daemon_id);
  if (earlier === undefined || earlier.state !== ONLINE) return 0;
  const [early, late] = [counter(earlier, name), counter(target, name)];
  return late >= early ? late - early : late;
}

function counter({ status }: NodeState, name: string): number {
  // Names of counters have dots of their own.
  return numberAt({ value: asJsonObject(status["tracker"])[name] }, "value");
}

function mountpathsOf({ status }: NodeState): readonly JsonObject[] {
  return Object.values(asJsonObject(valueAt(status, "capacity.mountpaths"))).map(asJsonObject);
}

/** The mean of the target's file systems. */
function diskUsage(target: NodeState): readonly number[] {
  const byFileSystem = new Map(
    mountpathsOf(target).map((usage) => [textAt(usage, "fs.FsID"), numberAt(usage, "pct_used")]),
  );
  const mean = spread([...byFileSystem.values()])?.avg;
  return mean === undefined ? [] : [mean];
}

function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const avg = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { avg, min: Math.min(...values), max: Math.max(...values) };
}

function spreadText(values: Spread | null, unit: string, suffix: string): string {
  if (values === null) return "-";
  const [avg, min, max] = [values.avg, values.min, values.max].map((value) => value.toFixed(1) + unit);
  return `avg ${avg}, min ${min}, max ${max}${suffix}`;
}

function countsOf(texts: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const text of [...texts].sort()) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}
