/** `ais cluster set-primary`, `shutdown`, `decommission`. */
import { isActive, nodeName, type Smap, SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import type { Command } from "commander";
import { nodeIdOf } from "../cluster/node-states.ts";
import type { Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";

export function clusterPrimaryCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("set-primary")
    .summary("select a new primary proxy/gateway")
    .argument("<node>", "NODE_ID of an electable proxy");
  return runtime.handle(command, async (context, [word]) => {
    const { cluster, membership } = context.client;
    const node = electable(String(word), await cluster.smap());
    await membership.setPrimary(node.daemon_id);
    if (context.settings.json) context.printJson({ primary: node.daemon_id });
    else context.print(`${nodeName(node)} is now a new primary`);
  });
}

function electable(word: string, smap: Smap): Snode {
  const id = nodeIdOf(word);
  const target = smap.tmap[id];
  if (target !== undefined) throw new UsageError(`${nodeName(target)} is not a proxy`);
  const node = smap.pmap[id];
  if (node === undefined) throw new UsageError(`node "${id}" does not exist in the cluster map`);
  const name = nodeName(node);
  if ((node.flags & SNODE_FLAGS.decommission) !== 0)
    throw new UsageError(`${name} is currently being decommissioned`);
  if (!isActive(node)) throw new UsageError(`${name} is currently in maintenance`);
  if ((node.flags & SNODE_FLAGS.nonElectable) !== 0) throw new UsageError(`${name} is non-electable`);
  return node;
}

export function clusterShutdownCommand(runtime: Runtime, parent: Command): Command {
  const command = parent.command("shutdown").summary("shut down entire cluster");
  return runtime.handle(command, async (context) => {
    const smap = await context.client.cluster.smap();
    await context.requireYes(`Shut down cluster ${describe(smap)}?`);
    await context.client.membership.shutdownCluster();
    if (context.settings.json) context.printJson({ cluster: smap.uuid, state: "shutdown" });
    else context.print("Cluster successfully shut down");
  });
}

export function clusterDecommissionCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("decommission")
    .summary("decommission entire cluster")
    .option("--rm-user-data", "remove all user data, and the buckets");
  return runtime.handle<{ readonly rmUserData?: boolean }>(command, async (context, _words, options) => {
    const smap = await context.client.cluster.smap();
    const question = `Permanently decommission cluster ${describe(smap)}? The operation cannot be undone.`;
    await context.requireYes(question);
    await context.client.membership.decommissionCluster(options.rmUserData === true);
    if (context.settings.json) context.printJson({ cluster: smap.uuid, state: "decommissioned" });
    else context.print("Cluster successfully decommissioned");
  });
}

function describe({ uuid, proxy_si }: Smap): string {
  return `(UUID=${uuid}, primary=${proxy_si === null ? "none" : nodeName(proxy_si)})`;
}
