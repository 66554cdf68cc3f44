/** `ais show cluster memory`, `cpu`; `ais cluster reset-stats`; `ais advanced` of nodes. */

import { randomInt } from "node:crypto";
import { asJsonObject, numberAt } from "@ais/client/json-view.ts";
import { allNodes, isActive, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { Command } from "commander";
import { fetchNodeStates, type NodeState, ONLINE, requireNode } from "../cluster/node-states.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { formatSize, type Units } from "../output/units.ts";
import { type RefreshOptions, showRepeatedly, withRefreshOptions } from "../refresh.ts";

type Cells = readonly (readonly [name: string, text: (status: unknown, units: Units) => string])[];

const size = (path: string) => (status: unknown, units: Units) =>
  formatSize(numberAt(status, `sys_info.${path}`), units);

const MEMORY: Cells = [
  ["PROC RSS", size("proc.Mem.Resident")],
  ["PROC SIZE", size("proc.Mem.Size")],
  ["PROC SHARED", size("proc.Mem.Share")],
  ["PROC MEM(%)", (status) => `${numberAt(status, "sys_info.pct_mem_used").toFixed(1)}%`],
  ["TOTAL", size("mem.Total")],
  ["USED", size("mem.Used")],
  ["FREE", size("mem.Free")],
  ["BUFF/CACHE", size("mem.BuffCache")],
  ["ACTUAL USED", size("mem.ActualUsed")],
  ["ACTUAL FREE", size("mem.ActualFree")],
];

const CPU: Cells = [
  ["PROC CPU(%)", (status) => `${numberAt(status, "sys_info.pct_cpu_used").toFixed(1)}%`],
  ["SYS CPU(%)", (status) => `${numberAt(status, "sys_info.cpu_util")}%`],
  [
    "LOAD AVERAGE",
    (status) =>
      ["One", "Five", "Fifteen"]
        .map((name) => numberAt(status, `sys_info.load_avg.${name}`).toFixed(1))
        .join(" "),
  ],
];

export function nodeResourceCommands(runtime: Runtime, parent: Command): void {
  resources(runtime, parent, "memory", "show the memory of nodes and their machines", MEMORY);
  resources(runtime, parent, "cpu", "show what nodes and their machines use of processors", CPU);
}

function resources(runtime: Runtime, parent: Command, name: string, summary: string, cells: Cells): void {
  const command = parent
    .command(name)
    .summary(summary)
    .argument("[node]", "NODE_ID; all nodes when left out");
  runtime.handle<RefreshOptions>(withRefreshOptions(command), async (context, [word], options) => {
    const smap = await context.client.cluster.smap();
    const nodes = word === undefined ? allNodes(smap) : [requireNode(smap, String(word))];
    await showRepeatedly(context, options, async () =>
      showResources(context, await fetchNodeStates(context.client, smap, nodes), cells),
    );
  });
}

function showResources(context: CommandContext, states: readonly NodeState[], cells: Cells): void {
  if (context.settings.json) {
    const entries = states.map(({ snode, status }) => [snode.daemon_id, asJsonObject(status["sys_info"])]);
    context.printJson(Object.fromEntries(entries));
    return;
  }
  context.printTable(
    ["NODE", "TYPE", ...cells.map(([name]) => name)].map((name) => ({ name })),
    states.map(({ snode, isPrimary, state, status }) => [
      nodeName(snode) + (isPrimary ? "[P]" : ""),
      snode.daemon_type,
      ...(state === ONLINE
        ? cells.map(([, text]) => text(status, context.settings.units))
        : [context.colors.red(state)]),
    ]),
  );
}

export function resetStatsCommand(runtime: Runtime, parent: Command): void {
  const command = parent
    .command("reset-stats")
    .summary("begin all counters anew, or those of errors only")
    .argument("[node]", "NODE_ID; all nodes when left out")
    .option("--errors-only", "counters of errors only");
  runtime.handle<{ readonly errorsOnly?: boolean }>(command, async (context, [word], options) => {
    const onlyErrors = options.errorsOnly === true;
    const node = word === undefined ? null : await nodeOf(context, String(word));
    await context.client.cluster.resetStats(onlyErrors, node?.daemon_id);
    done(context, node, `${onlyErrors ? "error counters" : "counters"} reset`);
  });
}

export function advancedCommands(runtime: Runtime, parent: Command): void {
  const rotate = parent
    .command("rotate-logs")
    .summary("begin new log files")
    .argument("[node]", "NODE_ID; all nodes when left out");
  runtime.handle(rotate, async (context, [word]) => {
    const node = word === undefined ? null : await nodeOf(context, String(word));
    await context.client.cluster.rotateLogs(node?.daemon_id);
    done(context, node, "logs rotated");
  });
  const random = parent
    .command("random-node")
    .summary("print the id of a random node")
    .argument("[type]", '"proxy" or "target"', "target");
  runtime.handle(random, async (context, [type]) => {
    const { pmap, tmap } = await context.client.cluster.smap();
    if (type !== "proxy" && type !== "target")
      throw new UsageError(`"${String(type)}" is neither "proxy" nor "target"`);
    const { daemon_id } = oneOf(Object.values(type === "proxy" ? pmap : tmap).filter(isActive), type);
    if (context.settings.json) context.printJson({ node: daemon_id });
    else context.print(daemon_id);
  });
  const mountpath = parent
    .command("random-mountpath")
    .summary("print a random mountpath of a target")
    .argument("<node>", "TARGET_ID");
  runtime.handle(mountpath, async (context, [word]) => {
    const node = await nodeOf(context, String(word));
    if (node.daemon_type !== "target") throw new UsageError(`${nodeName(node)} is not a target`);
    const status = await context.client.cluster.nodeStatus(node.daemon_id);
    const path = oneOf(
      Object.keys(asJsonObject(asJsonObject(status["capacity"])["mountpaths"])),
      "mountpath",
    );
    if (context.settings.json) context.printJson({ node: node.daemon_id, mountpath: path });
    else context.print(path);
  });
}

function oneOf<T>(all: readonly T[], what: string): T {
  const found = all.length === 0 ? undefined : all[randomInt(all.length)];
  if (found === undefined) throw new Error(`there is no active ${what}`);
  return found;
}

async function nodeOf(context: CommandContext, word: string): Promise<Snode> {
  return requireNode(await context.client.cluster.smap(), word);
}

function done(context: CommandContext, node: Snode | null, what: string): void {
  if (context.settings.json) context.printJson({ node: node?.daemon_id ?? "cluster", done: what });
  else context.print(`${node === null ? "cluster" : nodeName(node)}: ${what}`);
}
