/** Action `stop-maintenance` (wire-compat 2.2): nodes serve again. */
import { AisError, errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { Call } from "@ais/node/call.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { ACTIONS } from "@ais/wire/actions.ts";
import { missingNodeId, nodeNotFound } from "@ais/wire/error-texts.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { parseRemoveNodesMsg } from "@ais/wire/remove-nodes.ts";
import { outOfService, rebalanceGoal, withNode } from "@ais/wire/rmd.ts";
import { activeTargets, findNode, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";
import { applyFlags } from "./apply-flags.ts";
import { startRebalance } from "./rebalance.ts";
import { refuseWhileRebalancing } from "./transactions.ts";

const PING_TIMEOUT_MS = 2000;
const PING_ATTEMPTS = 5;
const PING_DELAY_MS = 500;

/** To be run at the primary. The id of the rebalance that gives the targets their objects; empty when there is none. */
export function stopMaintenance(value: unknown, call: Call, services: ProxyServices): Promise<string> {
  const { ids, skipRebalance } = parseRemoveNodesMsg(value);
  if (ids.length === 0) throw missingNodeId();
  const action = ACTIONS.stopMaintenance;
  return services.membership.run(action, async () => {
    const { member } = services;
    const nodes = await selected(ids, call, services);
    if (nodes.length === 0) return "";
    const targets = nodes.filter((node) => node.daemon_type === "target");
    if (targets.length > 0) refuseWhileRebalancing(action, services);
    for (const node of nodes) await requireAlive(node, call, services);
    await member.updateRmd(
      (rmd) => nodes.reduce((next, node) => withNode(next, node.daemon_id, null), rmd),
      call.span,
    );
    await applyFlags(
      nodes.map((node) => node.daemon_id),
      call,
      services,
    );
    const { smap, config } = member.snapshot;
    if (targets.length === 0 || activeTargets(smap).length < 2) return "";
    if (skipRebalance || !config.rebalance.enabled) {
      // Nor is one begun later for the same reason.
      await member.updateRmd((rmd) => ({ ...rmd, attempted: rebalanceGoal(smap, rmd) }), call.span);
      return "";
    }
    return startRebalance(`${action} ${targets.map(nodeName).join(", ")}`, call, services);
  });
}

/** A node that is active already is passed over. */
async function selected(
  ids: readonly string[],
  call: Call,
  { member }: ProxyServices,
): Promise<readonly Snode[]> {
  await member.refresh("rmd", call.span);
  const { smap, rmd } = await member.refresh("smap", call.span);
  return ids.flatMap((id) => {
    const node = findNode(smap, id);
    if (node === null) throw nodeNotFound(id);
    return outOfService(rmd, id) === null ? [] : [node];
  });
}

/** A node that was shut down must have been started again. */
async function requireAlive(node: Snode, { span }: Call, services: ProxyServices): Promise<void> {
  let failure = "";
  for (let attempt = 0; attempt < PING_ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(PING_DELAY_MS);
    const request = { method: "GET", path: PATHS.health, timeoutMs: PING_TIMEOUT_MS };
    try {
      const { status } = await callPeer(node, request, span, services);
      if (status === 200) return;
      failure = `status ${status}`;
    } catch (error) {
      failure = errorText(error);
    }
  }
  throw new AisError("badRequest", `${nodeName(node)} is unreachable: ${failure}`);
}
