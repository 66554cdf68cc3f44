/** `ais config` and `ais show config`: read and change settings of the cluster and of single nodes. */
import { AisApiError } from "@ais/client/api-error.ts";
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
    .argument("<node>", "NODE_ID")
    .argument("[setting...]", "[inherited | local] SECTION, or key=value ...")
    .option("--transient", TRANSIENT_HELP);
  return runtime.handle<Options>(command, async (context, [node, argument], options) => {
    const snode = await resolveNode(context, String(node));
    // AIStore tells a node's own settings from the cluster's by these words; section names are unique without them.
    const words = (Array.isArray(argument) ? argument : []).filter(
      (word) => !/^(inherited|local|all)$/.test(word),
    );
    const config = () => context.client.cluster.nodeConfig(snode.daemon_id);
    if (isQuery(words)) return showConfig(context, await config(), words[0] ?? "");
    const pairs = parsePairs(words);
    const transient = options.transient === true;
    try {
      await context.client.cluster.setNodeConfig(snode.daemon_id, Object.fromEntries(pairs), { transient });
    } catch (error) {
      if (!(error instanceof AisApiError) || error.status !== 501) throw error;
      throw new Error(`${error.message}\n${otherWays(snode, words, pairs, transient)}`, { cause: error });
    }
    await showChanged(context, await config(), pairs);
    if (!context.settings.json) context.print(`\nnode ${nodeName(snode)} config updated`);
  });
}

/** What can be done in place of changing one node for good. */
function otherWays(
  snode: Snode,
  words: readonly string[],
  pairs: ReadonlyMap<string, string>,
  transient: boolean,
): string {
  const text = words.join(" ");
  const everywhere = `On every node: ais config cluster ${text}`;
  const isLogLevelAlone = pairs.size === 1 && pairs.has("log.level");
  return isLogLevelAlone && !transient
    ? `${everywhere}\nOn this one until it restarts: ais config node ${snode.daemon_id} ${text} --transient`
    : everywhere;
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
    showConfig(context, await context.client.cluster.nodeConfig(snode.daemon_id), sectionName);
  });
}

function isQuery(words: readonly string[]): boolean {
  const [first] = words;
  return (
    words.length === 0 || (words.length === 1 && first?.includes("=") === false && !first.startsWith("{"))
  );
}

/** A section by its name, or a single setting by its dotted name. */
function showConfig(context: CommandContext, config: JsonObject, section: string): void {
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
    context.printProperties(sorted(pairs));
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
