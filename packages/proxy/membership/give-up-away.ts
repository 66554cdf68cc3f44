/**
 * Targets that the cluster map has lost with what they hold: jobs that must not leave anything out wait for them until they are
 * back or given up. They are given up by whoever says that they do not come back, and where nothing can be on them.
 */
import type { Call } from "@ais/node/call.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { awayTargets, type Rmd, withNode } from "@ais/wire/rmd.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

/** What there is to do when a target is gone for good, whether rebalancing is enabled or not. */
export function wayOut(id: string): string {
  return `if t[${id}] does not come back, "ais cluster add-remove-nodes decommission ${id} --no-rebalance" gives up what it holds`;
}

/** The same of every target that is away, as the rest of a sentence; empty without one. */
export function waysOut({ member }: Pick<ProxyServices, "member">): string {
  const { smap, rmd } = member.snapshot;
  return awayTargets(smap, rmd)
    .map((id) => `; ${wayOut(id)}`)
    .join("");
}

/** Should they come back after all, they join as any other target does, with what they hold. */
export async function giveUp(
  ids: readonly string[],
  call: Pick<Call, "span">,
  services: ProxyServices,
): Promise<void> {
  if (ids.length === 0) return;
  const without = (rmd: Rmd): Rmd => ({ ...rmd, away: rmd.away.filter((id) => !ids.includes(id)) });
  const snapshot = await services.member.updateRmd(
    (rmd) => ids.reduce((next, id) => withNode(next, id, null), without(rmd)),
    call.span,
  );
  await syncDocument("rmd", snapshot, call, services);
  services.logger.log("warn", "gave up targets with what they hold", { nodes: ids.join() }, call.span);
}

/**
 * Without buckets nobody holds anything. That is asked once every node has the cluster map without these targets: whatever
 * bucket is made later has nothing on them. False when it could not be said for certain, or is not so.
 */
export async function giveUpEmpty(call: Pick<Call, "span">, services: ProxyServices): Promise<boolean> {
  const { member } = services;
  const { snapshot } = member;
  const { smap, rmd } = snapshot;
  const ids = awayTargets(smap, rmd);
  if (ids.length === 0 || listBuckets(snapshot.bmd).length > 0) return false;
  if ((await syncDocument("smap", snapshot, call, services)).length > 0) return false;
  const { bmd } = await member.refresh("bmd", call.span);
  if (listBuckets(bmd).length > 0) return false;
  // One that has been back and gone since may hold something: it has left its trace there.
  const after = await member.updateRmd(
    (now) => (now.version === rmd.version ? { ...now, away: [] } : null),
    call.span,
  );
  return after.rmd.away.length === 0;
}
