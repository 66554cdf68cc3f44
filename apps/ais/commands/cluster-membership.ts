/** `ais cluster add-remove-nodes`: nodes go out of service and come back (AIStore's verbs and texts). */
import type { RemoveNodesOptions } from "@ais/client/membership-api.ts";
import { isActive, nodeName, type Smap, type Snode } from "@ais/wire/smap.ts";
import type { Command } from "commander";
import { nodeIdOf } from "../cluster/node-states.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";

type NamedNode = Pick<Snode, "daemon_id" | "daemon_type" | "flags">;

type Verb = "start-maintenance" | "stop-maintenance" | "decommission" | "shutdown";

interface Options {
  /** False with `--no-rebalance`. */
  readonly rebalance?: boolean;
  /** False with `--no-shutdown`. */
  readonly shutdown?: boolean;
  readonly rmUserData?: boolean;
  readonly keepInitialConfig?: boolean;
}

interface VerbText {
  readonly summary: string;
  readonly question: (names: string) => string;
  readonly done: (name: string, isRebalancing: boolean) => string;
}

const RESTART_NOTE =
  "the node stays in the cluster map: start it again at any time, then activate it with 'stop-maintenance'";

const TEXTS: Readonly<Record<Verb, VerbText>> = {
  "start-maintenance": {
    summary: "put nodes in maintenance mode, temporarily suspending their operation",
    question: (names) => `Put ${names} in maintenance mode?`,
    done: (name) => `${name} is now in maintenance mode`,
  },
  "stop-maintenance": {
    summary: "take nodes out of maintenance mode",
    question: (names) => `Take ${names} out of maintenance mode?`,
    done: (name) => `${name} is now active`,
  },
  decommission: {
    summary: "safely and permanently remove nodes from the cluster",
    question: (names) => `Permanently decommission ${names}? The operation cannot be undone!`,
    done: (name, isRebalancing) =>
      isRebalancing
        ? `${name} is being decommissioned, please wait for cluster rebalancing to finish...`
        : `${name} has been decommissioned (permanently removed from the cluster)`,
  },
  shutdown: {
    summary: "shut down nodes without removing them from the cluster",
    question: (names) => `Shut down ${names}?`,
    done: (name, isRebalancing) =>
      isRebalancing
        ? `${name} is shutting down, please wait for cluster rebalancing to finish (${RESTART_NOTE})`
        : `${name} has been shut down (${RESTART_NOTE})`,
  },
};

export function clusterMembershipCommand(runtime: Runtime, parent: Command): Command {
  const group = parent
    .command("add-remove-nodes")
    .summary("manage cluster membership: remove nodes temporarily or for good, and take them back")
    .description(
      "Every verb takes one or more nodes, and runs at most one rebalance for all of them. Nodes join by being started with the cluster's coordinator.",
    );
  for (const verb of Object.keys(TEXTS) as Verb[]) {
    const command = group
      .command(verb)
      .summary(TEXTS[verb].summary)
      .argument("<nodes...>", "NODE_ID [NODE_ID...], also separated by commas")
      .option("--no-rebalance", "do not run global rebalance (objects may become unreachable)");
    if (verb === "decommission") {
      command
        .option("--no-shutdown", "do not shut the node down once it is out of the cluster")
        .option("--rm-user-data", "remove all user data of the node")
        .option("--keep-initial-config", "keep the configuration that the node was deployed with");
    }
    runtime.handle<Options>(command, async (context, [nodes], options) =>
      run(verb, context, [nodes ?? []].flat(), options),
    );
  }
  return group;
}

async function run(
  verb: Verb,
  context: CommandContext,
  words: readonly string[],
  options: Options,
): Promise<void> {
  const { membership, cluster } = context.client;
  const nodes = select(verb, words, await cluster.smap(), options.rebalance === false);
  const hasTarget = nodes.some((node) => node.daemon_type === "target");
  const skipRebalance = options.rebalance === false || !hasTarget;
  warn(verb, nodes, skipRebalance && hasTarget, context);
  const names = nodes.map(nodeName).join(", ");
  await context.requireYes(TEXTS[verb].question(names));
  const request: RemoveNodesOptions = {
    ids: nodes.map((node) => node.daemon_id),
    skipRebalance,
    rmUserData: options.rmUserData === true,
    keepInitialConfig: options.keepInitialConfig === true,
    noShutdown: options.shutdown === false,
  };
  const id = await membership.change(verb, request);
  if (context.settings.json)
    return context.printJson({ action: verb, nodes: request.ids, ...(id === "" ? {} : { rebalance: id }) });
  if (id !== "") context.print(`Started rebalance "${id}" (to monitor, run 'ais show rebalance').`);
  for (const node of nodes) context.print(TEXTS[verb].done(nodeName(node), id !== ""));
}

function select(
  verb: Verb,
  words: readonly string[],
  smap: Smap,
  skipsRebalance: boolean,
): readonly NamedNode[] {
  const ids = words
    .flatMap((word) => word.split(","))
    .filter((word) => word !== "")
    .map(nodeIdOf);
  return ids.map((id, index) => {
    const node = smap.pmap[id] ?? smap.tmap[id];
    // A target that has left the map may be given up; the cluster knows whether it is one.
    if (node === undefined && verb === "decommission" && skipsRebalance && ids.indexOf(id) === index)
      return { daemon_id: id, daemon_type: "target", flags: 0 };
    if (node === undefined) throw new UsageError(`node "${id}" does not exist in the cluster map`);
    if (id === smap.proxy_si?.daemon_id)
      throw new UsageError(`${nodeName(node)} is primary (cannot ${verb} the primary node)`);
    if (ids.indexOf(id) !== index) throw new UsageError(`${nodeName(node)} is specified more than once`);
    return node;
  });
}

function warn(verb: Verb, nodes: readonly NamedNode[], isSkipped: boolean, context: CommandContext): void {
  if (!isSkipped || verb === "stop-maintenance") return;
  const active = nodes.filter(isActive).map(nodeName).join(", ") || nodes.map(nodeName).join(", ");
  context.note(
    `Warning: executing "${verb}" of ${active} without global rebalance may lead to a loss of data! To rebalance later, run 'ais start rebalance'`,
  );
}
