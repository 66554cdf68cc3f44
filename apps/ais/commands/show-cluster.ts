/** `ais show cluster`: two tables and a summary (AIStore's shape). */
import { asJsonObject, type JsonObject, textAt } from "@ais/client/json-view.ts";
import { WHAT } from "@ais/wire/queries.ts";
import { nodeName, type Smap, type Snode } from "@ais/wire/smap.ts";
import type { Command } from "commander";
import { fetchNodeStates, type NodeState, nodeIdOf } from "../cluster/node-states.ts";
import { clusterSummary } from "../cluster/summary.ts";
import { proxyTable, targetTable } from "../cluster/tables.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { type RefreshOptions, showRepeatedly, withRefreshOptions } from "../refresh.ts";
import { nodeResourceCommands } from "./cluster-nodes.ts";
import { showConfigCommand } from "./config.ts";
import { performanceCommand } from "./performance.ts";

export function showClusterCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("show nodes, capacity and state of the cluster")
    .argument("[node]", "NODE_ID, proxy, or target");
  runtime.handle<RefreshOptions>(withRefreshOptions(command), async (context, [node], options) =>
    showRepeatedly(context, options, () => showCluster(context, node === undefined ? "" : String(node))),
  );
  const smap = command
    .command("smap")
    .summary("show the cluster map")
    .argument("[node]", "NODE_ID: as this node has it");
  runtime.handle(smap, async (context, [node]) => showSmap(context, node === undefined ? "" : String(node)));
  const bmd = command.command("bmd").summary("show the bucket metadata");
  runtime.handle(bmd, showBmd);
  showConfigCommand(runtime, command, "config");
  performanceCommand(runtime, command, "stats");
  nodeResourceCommands(runtime, command);
  return command;
}

async function showCluster(context: CommandContext, selected: string): Promise<void> {
  const smap = await context.client.cluster.smap();
  const proxies = Object.values(smap.pmap);
  const targets = Object.values(smap.tmap);
  const wanted = select([...proxies, ...targets], selected);
  const states = await fetchNodeStates(context.client, smap, wanted);
  if (context.settings.json) {
    return context.printJson(
      Object.fromEntries(states.map((state) => [state.snode.daemon_id, state.status])),
    );
  }
  const style = { colors: context.colors, units: context.settings.units };
  const shownProxies = states.filter((state) => state.snode.daemon_type === "proxy");
  const shownTargets = states.filter((state) => state.snode.daemon_type === "target");
  if (shownProxies.length > 0) printTable(context, proxyTable(shownProxies, style));
  if (shownProxies.length > 0 && shownTargets.length > 0) context.print("");
  if (shownTargets.length > 0) printTable(context, targetTable(shownTargets, style));
  if (selected === "") await printSummary(context, smap, states);
}

function select(nodes: readonly Snode[], selected: string): readonly Snode[] {
  if (selected === "") return nodes;
  if (selected === "proxy" || selected === "target")
    return nodes.filter((node) => node.daemon_type === selected);
  const id = nodeIdOf(selected);
  const found = nodes.filter((node) => node.daemon_id === id);
  if (found.length > 0) return found;
  throw new UsageError(
    `no node "${selected}" in the cluster, expecting "proxy", "target" or one of: ${nodes.map(nodeName).join(", ")}`,
  );
}

function printTable(context: CommandContext, table: ReturnType<typeof proxyTable>): void {
  context.printTable(table.columns, table.rows);
}

/** Below the heading `Cluster:`. `states` are those of all nodes. */
export async function printSummary(
  context: CommandContext,
  smap: Smap,
  states: readonly NodeState[],
): Promise<void> {
  const primaryId = smap.proxy_si?.daemon_id ?? "";
  const [config, backends, tracing] = await Promise.all([
    context.client.cluster.clusterConfig(),
    context.client.cluster.backends().catch((): readonly string[] => []),
    context.client.cluster.node(primaryId, WHAT.tracing).catch((): JsonObject => ({})),
  ]);
  const { endpoint } = context.client;
  const tracingBuild = textAt(tracing, "build");
  const { units } = context.settings;
  const pairs = clusterSummary({ endpoint, smap, states, config, backends, tracingBuild, units });
  context.print("");
  printTitled(context, "Cluster:", pairs);
}

/** Titles and values in two columns below a heading. */
export function printTitled(
  context: CommandContext,
  heading: string,
  pairs: readonly (readonly [string, string])[],
): void {
  context.print(context.colors.blue(heading));
  const width = Math.max(...pairs.map(([title]) => title.length)) + 1;
  for (const [title, value] of pairs) context.print(`   ${`${title}:`.padEnd(width)}   ${value}`);
}

async function showSmap(context: CommandContext, word: string): Promise<void> {
  const { cluster } = context.client;
  const smap = await (word === "" ? cluster.smap() : cluster.smapOf(nodeIdOf(word)));
  if (context.settings.json) return context.printJson(smap);
  const row = (node: Snode) => [
    node.daemon_id + (node.daemon_id === smap.proxy_si?.daemon_id ? "[P]" : ""),
    node.daemon_type,
    node.public_net.direct_url,
  ];
  const columns = [{ name: "NODE" }, { name: "TYPE" }, { name: "PUBLIC URL" }];
  context.printTable(columns, Object.values(smap.pmap).map(row));
  context.print("");
  context.printTable(columns, Object.values(smap.tmap).map(row));
  const counts = `proxies(${Object.keys(smap.pmap).length}), targets(${Object.keys(smap.tmap).length})`;
  context.print(`\nPrimary Proxy:   ${smap.proxy_si?.daemon_id ?? "none"}`);
  context.print(`Summary:         ${counts}, cluster map(v${smap.version}), cluster ID("${smap.uuid}")`);
}

async function showBmd(context: CommandContext): Promise<void> {
  const bmd = await context.client.cluster.bmd();
  if (context.settings.json) return context.printJson(bmd);
  const rows: string[][] = [];
  for (const [provider, namespaces] of Object.entries(asJsonObject(bmd.providers))) {
    for (const [namespace, buckets] of Object.entries(asJsonObject(namespaces))) {
      for (const [name, props] of Object.entries(asJsonObject(buckets))) {
        rows.push([
          provider,
          namespace === "@#" ? "-" : namespace,
          name,
          String(asJsonObject(props).bid ?? "-"),
        ]);
      }
    }
  }
  context.printTable([{ name: "PROVIDER" }, { name: "NAMESPACE" }, { name: "NAME" }, { name: "BID" }], rows);
  context.print(`\nVersion: ${bmd.version}   UUID: ${bmd.uuid}`);
}
