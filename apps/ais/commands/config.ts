/** `ais config` and `ais show config`: read and change settings of the cluster and of single nodes. */
import type { JsonObject } from "@ais/client/json-view.ts";
import { findNode, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { Command } from "commander";
import { nodeIdOf } from "../cluster/node-states.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { flatten, parsePairs } from "../pairs.ts";

interface Options {
  readonly transient?: boolean;
}

const TRANSIENT_HELP = "forget the change at the next restart";

export function configClusterCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("cluster")
    .summary("show or change the cluster's configuration")
    .description(
      "Without arguments or with the name of a section: show it. With key=value pairs: change them.",
    )
    .argument("[setting...]", "SECTION, or key=value ...")
    .option("--transient", TRANSIENT_HELP);
  return runtime.handle<Options>(command, async (context, [argument], options) => {
    const words = Array.isArray(argument) ? argument : [];
    if (isQuery(words))
      return showConfig(context, await context.client.cluster.clusterConfig(), words[0] ?? "");
    const pairs = parsePairs(words);
    await context.client.cluster.setClusterConfig(Object.fromEntries(pairs), {
      transient: options.transient === true,
    });
    await showChanged(context, await context.client.cluster.clusterConfig(), pairs);
    if (!context.settings.json) context.print("\nCluster config updated");
  });
}

export function configNodeCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("node")
    .summary("show or change the configuration of one node")
    .description(
      "Settings of one node stand over the cluster's until they are reset; with --transient, until it restarts.",
    )
    .argument("<node>", "NODE_ID")
    .argument("[setting...]", "[inherited | local] SECTION, or key=value ..., or reset")
    .option("--transient", TRANSIENT_HELP);
  return runtime.handle<Options>(command, async (context, [node, argument], options) => {
    const snode = await resolveNode(context, String(node));
    const given = Array.isArray(argument) ? argument : [];
    const [scope] = given.filter(isScope);
    const words = given.filter((word) => !isScope(word));
    if (words.length === 1 && words[0] === "reset") return resetNode(context, snode);
    if (isQuery(words)) return showNodeConfig(context, snode, scope ?? "all", words[0] ?? "");
    if (scope === "local")
      throw new UsageError(
        "a node's local settings, such as its mountpaths, are those that it was started with",
      );
    const pairs = parsePairs(words);
    const transient = options.transient === true;
    const { cluster } = context.client;
    await cluster.setNodeConfig(snode.daemon_id, Object.fromEntries(pairs), { transient });
    await showChanged(context, await cluster.nodeConfig(snode.daemon_id), pairs);
    if (!context.settings.json) context.print(`\nnode ${nodeName(snode)} config updated`);
  });
}

export function resetConfigCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("reset")
    .summary("take back settings of single nodes: all follow the cluster's configuration again")
    .argument("<scope>", "cluster (all nodes), or NODE_ID");
  return runtime.handle(command, async (context, [scope]) => {
    if (scope !== "cluster") return resetNode(context, await resolveNode(context, String(scope)));
    await context.client.cluster.resetConfig();
    if (context.settings.json) context.printJson({ reset: "cluster" });
    else context.print("all nodes follow the cluster's configuration");
  });
}

async function resetNode(context: CommandContext, snode: Snode): Promise<void> {
  await context.client.cluster.resetConfig(snode.daemon_id);
  if (context.settings.json) context.printJson({ reset: snode.daemon_id });
  else context.print(`${nodeName(snode)} follows the cluster's configuration`);
}

/** AIStore's words for a node's own part of its configuration and the part that it has from the cluster. */
function isScope(word: string): boolean {
  return /^(inherited|local|all)$/.test(word);
}

/** Where the node differs from the cluster, the cluster's value stands beside its own. */
async function showNodeConfig(
  context: CommandContext,
  snode: Snode,
  scope: string,
  section: string,
): Promise<void> {
  const { cluster } = context.client;
  const [config, inherited] = await Promise.all([
    cluster.nodeConfig(snode.daemon_id),
    cluster.clusterConfig(),
  ]);
  const isShown = (name: string): boolean =>
    scope === "all" || Object.hasOwn(inherited, name) === (scope === "inherited");
  const part = Object.fromEntries(Object.entries(config).filter(([name]) => isShown(name)));
  const clusterValues = new Map(flatten(inherited));
  showConfig(context, part, section, (name, value) => {
    const clusterValue = clusterValues.get(name);
    return clusterValue === undefined || clusterValue === value
      ? value
      : `${value} (cluster: ${clusterValue})`;
  });
}

export function showConfigCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("show the configuration of the cluster or of one node")
    .argument("[scope]", "cluster (default) or NODE_ID")
    .argument("[section]", "such as tracing, mirror, log");
  return runtime.handle(command, async (context, [scope, section]) => {
    const sectionName = section === undefined ? "" : String(section);
    if (scope === undefined || scope === "cluster") {
      return showConfig(context, await context.client.cluster.clusterConfig(), sectionName);
    }
    const snode = await resolveNode(context, String(scope));
    await showNodeConfig(context, snode, "all", sectionName);
  });
}

function isQuery(words: readonly string[]): boolean {
  const [first] = words;
  return (
    words.length === 0 || (words.length === 1 && first?.includes("=") === false && !first.startsWith("{"))
  );
}

/** A section by its name, or a single setting by its dotted name. */
function showConfig(
  context: CommandContext,
  config: JsonObject,
  section: string,
  valueText: (name: string, value: string) => string = (_, value) => value,
): void {
  const isShown = (name: string) => section === "" || name === section || name.startsWith(`${section}.`);
  const pairs = flatten(config).filter(([name]) => isShown(name));
  if (pairs.length === 0 && section !== "tracing") {
    const sections = Object.keys(config).sort().join(", ");
    throw new UsageError(`no section "${section}" in the configuration, expecting one of: ${sections}`);
  }
  if (context.settings.json) {
    context.printJson(section === "" ? config : (config[section] ?? Object.fromEntries(pairs)));
  } else if (pairs.length === 0) {
    // The cluster leaves this section out while nobody has configured it (wire-compat 5.7).
    context.print("tracing is not configured (tracing.enabled=false)");
  } else {
    context.printProperties(sorted(pairs.map(([name, value]) => [name, valueText(name, value)])));
  }
}

async function showChanged(
  context: CommandContext,
  config: JsonObject,
  pairs: ReadonlyMap<string, string>,
): Promise<void> {
  const sections = [...new Set([...pairs.keys()].map((name) => name.split(".")[0] ?? name))];
  if (context.settings.json) {
    return context.printJson(Object.fromEntries(sections.map((section) => [section, config[section]])));
  }
  const shown = flatten(config).filter(([name]) => sections.includes(name.split(".")[0] ?? name));
  context.printProperties(sorted(shown));
}

function sorted(pairs: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  return [...pairs].sort(([left], [right]) => (left < right ? -1 : 1));
}

async function resolveNode(context: CommandContext, argument: string): Promise<Snode> {
  const smap = await context.client.cluster.smap();
  const snode = findNode(smap, nodeIdOf(argument));
  if (snode !== null) return snode;
  const names = [...Object.values(smap.pmap), ...Object.values(smap.tmap)].map(nodeName).join(", ");
  throw new UsageError(`no node "${argument}" in the cluster, expecting one of: ${names}`);
}
