/** The targets that a command concerns, and one job on all of them. */
import type { AisClient } from "@ais/client/ais-client.ts";
import { activeTargets, nodeName, type Snode } from "@ais/wire/smap.ts";
import type { StorageJobKind, StorageJobStatus } from "@ais/wire/storage-report.ts";
import { nodeIdOf } from "../cluster/node-states.ts";
import { UsageError } from "../errors.ts";
import type { TargetReport } from "./report-text.ts";

export interface TargetStatus {
  readonly target: Snode;
  readonly status: StorageJobStatus;
}

/** Every target, or the one that the argument names. */
export async function chosenTargets(
  client: AisClient,
  argument: string | undefined,
): Promise<readonly Snode[]> {
  const targets = activeTargets(await client.cluster.smap());
  if (argument === undefined) {
    if (targets.length === 0) throw new Error("the cluster has no targets");
    return targets;
  }
  const chosen = targets.find(({ daemon_id }) => daemon_id === nodeIdOf(argument));
  if (chosen !== undefined) return [chosen];
  throw new UsageError(`no target "${argument}", expecting one of: ${targets.map(nodeName).join(", ")}`);
}

export function onTargets(
  targets: readonly Snode[],
  call: (targetId: string) => Promise<StorageJobStatus>,
): Promise<readonly TargetStatus[]> {
  return Promise.all(targets.map(async (target) => ({ target, status: await call(target.daemon_id) })));
}

export function stopOnTargets(client: AisClient, targets: readonly Snode[], kind: StorageJobKind) {
  return onTargets(targets, (id) => client.storage.stop(id, kind));
}

export function reportsOf(statuses: readonly TargetStatus[]): readonly TargetReport[] {
  return statuses.flatMap(({ target, status }) =>
    status.mountpaths.map((report) => ({ target: nodeName(target), report })),
  );
}

/** By target id, for JSON. */
export function statusesJson(statuses: readonly TargetStatus[]): Readonly<Record<string, StorageJobStatus>> {
  return Object.fromEntries(statuses.map(({ target, status }) => [target.daemon_id, status]));
}

/** Throws for the first target on which the job could not do its work. */
export function requireWorked(statuses: readonly TargetStatus[]): void {
  for (const { target, status } of statuses) {
    if (status.state === "failed")
      throw new Error(`${status.kind} failed on ${nodeName(target)}: ${status.error}`);
  }
}
