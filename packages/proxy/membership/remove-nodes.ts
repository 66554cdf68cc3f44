/** Actions `start-maintenance`, `shutdown-node`, `decommission-node` and `rm-unsafe` (wire-compat 2.2, 2.3). */
import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { missingNodeId, nodeNotFound } from "@ais/wire/error-texts.ts";
import { parseRemoveNodesMsg, type RemoveNodesMsg } from "@ais/wire/remove-nodes.ts";
import { awayTargets, outOfService, type Removal } from "@ais/wire/rmd.ts";
import { activeTargets, findNode, isActive, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";
import { applyFlags } from "./apply-flags.ts";
import { finishRemoval } from "./finish-removal.ts";
import { giveUp } from "./give-up-away.ts";
import { mark, settleEmpty } from "./mark-removal.ts";
import { startRebalance } from "./rebalance.ts";
import { refuseWhileRebalancing } from "./transactions.ts";

/** To be run at the primary. The id of the rebalance that hands the nodes' objects over; empty when there is none. */
export function removeNodes(
  action: Removal | typeof ACTIONS.removeNodeUnsafe,
  value: unknown,
  call: Call,
  services: ProxyServices,
): Promise<string> {
  const message = parseRemoveNodesMsg(value);
  if (message.ids.length === 0) throw missingNodeId();
  const isUnsafe = action === ACTIONS.removeNodeUnsafe;
  if (isUnsafe && !message.skipRebalance)
    throw new AisError("badRequest", `"${action}" never rebalances: "skip_rebalance" must be set`);
  return services.membership.run(action, async () => {
    const { nodes, gone } = await admit(action, message, call, services);
    await giveUp(gone, call, services);
    if (nodes.length === 0) return "";
    if (nodes.some((node) => node.daemon_type === "target")) refuseWhileRebalancing(action, services);
    const ids = nodes.map((node) => node.daemon_id);
    const hasToMove = !isUnsafe && nodes.some((node) => mayHoldObjects(node, services));
    const isEmpty = listBuckets(services.member.snapshot.bmd).length === 0;
    const decide = (): boolean => hasToMove && mayRebalance(action, nodes, message, services);
    // Who takes over from a primary that dies before the second look has the objects of new buckets moved.
    let rebalance = isEmpty ? hasToMove && !message.skipRebalance : decide();
    const removal: Removal = isUnsafe ? "decommission-node" : action;
    const before = await mark(nodes, { ...optionsOf(message), action: removal, rebalance }, call, services);
    const behind = await applyFlags(ids, call, services);
    if (isEmpty) rebalance = await settleEmpty({ ids, behind, before, decide }, call, services);
    if (rebalance) return startRebalance(`${action} ${nodes.map(nodeName).join(", ")}`, call, services);
    for (const id of ids) await finishRemoval(id, call, services);
    return "";
  });
}

interface Admitted {
  readonly nodes: readonly Snode[];
  /** Ids of targets that are not there, to be given up with what they hold. */
  readonly gone: readonly string[];
}

/** Nodes that there is something to do with: one that is in maintenance already is passed over. */
async function admit(
  action: string,
  message: RemoveNodesMsg,
  call: Call,
  { member, facts }: ProxyServices,
): Promise<Admitted> {
  // Whether there are buckets decides whether there is anything to move.
  await Promise.all([member.refresh("rmd", call.span), member.refresh("bmd", call.span)]);
  const { smap, rmd } = await member.refresh("smap", call.span);
  const nodes: Snode[] = [];
  const gone: string[] = [];
  for (const id of message.ids) {
    const node = findNode(smap, id);
    if (node === null) {
      if (!awayTargets(smap, rmd).includes(id)) throw nodeNotFound(id);
      requireGivenUp(action, id, message);
      gone.push(id);
      continue;
    }
    const name = nodeName(node);
    if (id === facts.id)
      throw new AisError(
        "badRequest",
        `${name} is the current primary, cannot perform action "${action}" on itself`,
      );
    const state = outOfService(rmd, id);
    if (action === ACTIONS.startMaintenance && state !== null) {
      if (state.action === "decommission-node" && !state.final)
        throw new AisError("badRequest", `${name} is currently being decommissioned`);
      if (node.daemon_type === "proxy" || state.moved) continue;
    }
    nodes.push(node);
  }
  return { nodes, gone };
}

/** Who expects objects to be handed over is not to lose them. */
function requireGivenUp(action: string, id: string, { skipRebalance }: RemoveNodesMsg): void {
  if (action !== ACTIONS.decommissionNode && action !== ACTIONS.removeNodeUnsafe) throw nodeNotFound(id);
  if (skipRebalance) return;
  throw new AisError(
    "badRequest",
    `cannot "${action}" t[${id}]: it left the cluster with its objects, which cannot be moved; "skip_rebalance" gives them up`,
  );
}

/** A target from which nothing was handed over yet. */
function mayHoldObjects(node: Snode, { member }: ProxyServices): boolean {
  const isMoved = outOfService(member.snapshot.rmd, node.daemon_id)?.moved === true;
  return node.daemon_type === "target" && (isActive(node) || !isMoved);
}

/** Throws where objects would be lost that nobody said may be. */
function mayRebalance(
  action: string,
  nodes: readonly Snode[],
  { skipRebalance }: RemoveNodesMsg,
  { member, logger }: ProxyServices,
): boolean {
  if (skipRebalance) return false;
  const { smap, config } = member.snapshot;
  const names = nodes.map(nodeName).join(", ");
  const staying = activeTargets(smap).filter(
    (target) => !nodes.some((node) => node.daemon_id === target.daemon_id),
  );
  if (staying.length === 0) {
    throw new AisError(
      "badRequest",
      `cannot "${action}" ${names}: no active target is left to take over their objects; "skip_rebalance" leaves them where they are`,
    );
  }
  if (config.rebalance.enabled) return true;
  if (action === ACTIONS.decommissionNode) {
    throw new AisError(
      "badRequest",
      `cannot "${action}" ${names}: rebalance is disabled (rebalance.enabled), and their objects would be lost`,
    );
  }
  logger.log("warn", "rebalance is disabled: objects stay on nodes that go out of service", { nodes: names });
  return false;
}

function optionsOf({ rmUserData, keepInitialConfig, noShutdown }: RemoveNodesMsg) {
  return { rm_user_data: rmUserData, keep_initial_config: keepInitialConfig, no_shutdown: noShutdown };
}
