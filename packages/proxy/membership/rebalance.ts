/** Begins a rebalance, and draws the conclusions from its end. */
import { AisError, errorText } from "@ais/base/errors.ts";
import type { JobRecord } from "@ais/cluster/jobs/job-record.ts";
import type { Call } from "@ais/node/call.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { parseRebalanceArgs, type RebalanceArgs } from "@ais/wire/jobs/rebalance-args.ts";
import { PATHS } from "@ais/wire/paths.ts";
import {
  leavingTargets,
  outOfService,
  type Rmd,
  rebalanceGoal,
  rebalanceJobId,
  withNode,
} from "@ais/wire/rmd.ts";
import { activeTargets, type Snode } from "@ais/wire/smap.ts";
import { abortForRebalance } from "../jobs/beside-rebalance.ts";
import { startJob } from "../jobs/start-job.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

type Cause = Pick<Call, "span">;

const PING_TIMEOUT_MS = 2000;

/** The id of the job, `g<N>`. Every node has the cluster map by which it moves objects when this resolves. */
export async function startRebalance(why: string, cause: Cause, services: ProxyServices): Promise<string> {
  const { member, logger } = services;
  let goal = "";
  const snapshot = await member.updateRmd((rmd) => {
    goal = rebalanceGoal(member.snapshot.smap, rmd);
    return { ...rmd, rebalance_id: rmd.rebalance_id + 1, attempted: goal, left: [] };
  }, cause.span);
  const number = snapshot.rmd.rebalance_id;
  await abortConflicting(number, false, cause, services);
  await syncDocument("rmd", snapshot, cause, services);
  await syncDocument("smap", snapshot, cause, services);
  const { smap, rmd } = snapshot;
  const active = activeTargets(smap).map((node) => node.daemon_id);
  const leaving = await reachable(leavingTargets(smap, rmd), rmd, cause, services);
  const args: RebalanceArgs = { smapVersion: smap.version, goal, active, leaving: [...leaving] };
  const id = rebalanceJobId(number);
  const targets = [...active, ...leaving];
  await startJob(
    { kind: "rebalance", from: null, to: null, description: why, args, id, targets },
    cause,
    services,
  );
  // Those that were registered after the first look, and before they could see this one.
  await abortConflicting(number, true, cause, services);
  logger.log(
    "info",
    "started a rebalance",
    { job: id, why, active: active.join(), leaving: leaving.join() },
    cause.span,
  );
  return id;
}

/** Of nodes that were left in maintenance with their objects some may not run any more. */
async function reachable(
  nodes: readonly Snode[],
  rmd: Rmd,
  { span }: Cause,
  services: ProxyServices,
): Promise<readonly string[]> {
  const answers = await Promise.all(
    nodes.map(async (node) => {
      if (outOfService(rmd, node.daemon_id)?.final !== true) return true;
      const request = { method: "GET", path: PATHS.health, timeoutMs: PING_TIMEOUT_MS };
      const reply = await callPeer(node, request, span, services).catch(() => null);
      return reply?.status === 200;
    }),
  );
  return nodes.filter((_, index) => answers[index]).map((node) => node.daemon_id);
}

/** Jobs that cannot live with a rebalance give way to it, as AIStore's do. */
async function abortConflicting(
  number: number,
  isBegun: boolean,
  { span }: Cause,
  services: ProxyServices,
): Promise<void> {
  for (const job of await abortForRebalance(number, isBegun, services))
    services.logger.log("warn", "a rebalance aborts a job", { job, rebalance: number }, span);
}

/** What its end means for placement, before the record says that it has ended. */
export async function concludeRebalance(
  record: JobRecord,
  isDone: boolean,
  services: ProxyServices,
): Promise<void> {
  const { member, tracing, logger } = services;
  const { active, leaving } = parseRebalanceArgs(record.args);
  const span = tracing.startRoot("ais.job.conclude", record.trace === null ? [] : [record.trace]);
  span.set("ais.job.id", record.id);
  span.set("ais.job.outcome", isDone ? "done" : "aborted");
  try {
    if (!isDone) {
      const waiting = leaving.filter((id) => outOfService(member.snapshot.rmd, id)?.final === false);
      const fields = { job: record.id, reason: record.stop?.reason ?? "", staying: waiting.join() };
      logger.log("warn", "a rebalance did not come to its end: nothing is removed", fields, span);
      return;
    }
    const serving = new Set(activeTargets(member.snapshot.smap).map((node) => node.daemon_id));
    const snapshot = await member.updateRmd((rmd) => {
      const target_ids = active.filter((id) => serving.has(id) && !rmd.left.includes(id));
      return leaving.reduce(withMoved, { ...rmd, target_ids });
    }, span);
    await syncDocument("rmd", snapshot, { span }, services);
  } catch (error) {
    span.fail(error instanceof AisError ? error.code : "internal", errorText(error));
    throw error;
  } finally {
    span.end();
  }
}

function withMoved(rmd: Rmd, id: string): Rmd {
  const state = outOfService(rmd, id);
  return state === null ? rmd : withNode(rmd, id, { ...state, moved: true });
}
