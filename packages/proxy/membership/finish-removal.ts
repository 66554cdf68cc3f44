/** The last step of taking a node out of service, when its objects are elsewhere or were not to be moved. */
import { errorText } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { Call } from "@ais/node/call.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { actMsg } from "@ais/wire/act-msg.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { removeNodesJson } from "@ais/wire/remove-nodes.ts";
import { type OutOfService, outOfService, withNode } from "@ais/wire/rmd.ts";
import { findNode, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";

const TELL_TIMEOUT_MS = 5000;
/** A node that stops finishes its requests first. */
const LEAVE_MAX_MS = 20_000;
const LEAVE_POLL_MS = 100;

/**
 * Tells the node to stop where that is what was asked for, and notes that nothing is left to do. Safe to repeat: a node that
 * has gone already needs no telling. False when a decommissioned node goes on being there; it stays marked then.
 */
export async function finishRemoval(
  id: string,
  call: Pick<Call, "span">,
  services: ProxyServices,
): Promise<boolean> {
  const { member, logger } = services;
  const state = outOfService(member.snapshot.rmd, id);
  if (state === null || state.final) return true;
  if (state.action !== "start-maintenance") await tell(state, call, services);
  if (state.action === "decommission-node" && !(await hasLeft(id, call, services))) {
    logger.log("error", "a decommissioned node does not leave the cluster", { node: id }, call.span);
    return false;
  }
  await member.updateRmd((rmd) => {
    const current = outOfService(rmd, id);
    if (current === null) return null;
    if (state.action !== "decommission-node") return withNode(rmd, id, { ...current, final: true });
    // What it held was handed over or given up: nobody waits for it to come back.
    return withNode({ ...rmd, away: rmd.away.filter((each) => each !== id) }, id, null);
  }, call.span);
  const fields = { node: nodeName(state.snode), action: state.action, moved: state.moved };
  logger.log("info", "took a node out of service", fields, call.span);
  return true;
}

async function tell(
  state: OutOfService,
  { span }: Pick<Call, "span">,
  services: ProxyServices,
): Promise<void> {
  const { facts, logger } = services;
  const { snode, action } = state;
  const value = removeNodesJson({
    ids: [snode.daemon_id],
    rmUserData: state.rm_user_data,
    keepInitialConfig: state.keep_initial_config,
    noShutdown: state.no_shutdown,
  });
  const request = {
    method: "PUT",
    path: PATHS.daemon,
    headers: { [HEADERS.contentType]: CONTENT_TYPES.json, [HEADERS.callerId]: facts.id },
    body: encodeJson(actMsg(action, value)),
    timeoutMs: TELL_TIMEOUT_MS,
  };
  try {
    const { status } = await callPeer(current(snode, services), request, span, services);
    if (status < 300) return;
    logger.log("warn", "a node refused to stop", { node: nodeName(snode), action, status }, span);
  } catch (error) {
    const fields = { node: nodeName(snode), action, error: errorText(error) };
    logger.log("warn", "a node that is to stop does not answer", fields, span);
  }
}

/** It may have started again elsewhere since. */
function current(snode: Snode, { member }: ProxyServices): Snode {
  return findNode(member.snapshot.smap, snode.daemon_id) ?? snode;
}

async function hasLeft(
  id: string,
  { span }: Pick<Call, "span">,
  { member, clock }: ProxyServices,
): Promise<boolean> {
  const deadlineMs = clock.monotonicMs() + LEAVE_MAX_MS;
  while (findNode(member.snapshot.smap, id) !== null) {
    if (clock.monotonicMs() > deadlineMs) return false;
    await sleep(LEAVE_POLL_MS);
    await member.refresh("smap", span);
  }
  return true;
}
