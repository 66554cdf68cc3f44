/** Waits until the cluster map says of nodes what the rebalance metadata says, on every node. */
import { AisError } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import type { Call } from "@ais/node/call.ts";
import { hasServiceFlags } from "@ais/wire/rmd.ts";
import { findNode } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";
import { syncDocument } from "../sync-document.ts";

const APPLY_MAX_MS = 5000;
const POLL_MS = 10;

/**
 * The primary's own duty writes the map. Throws `unavailable` when that takes too long. The ids of nodes that did not say
 * that they have it.
 */
export async function applyFlags(
  ids: readonly string[],
  call: Pick<Call, "span">,
  services: ProxyServices,
): Promise<readonly string[]> {
  const { member, clock } = services;
  const deadlineMs = clock.monotonicMs() + APPLY_MAX_MS;
  const isApplied = (id: string): boolean => {
    const { smap, rmd } = member.snapshot;
    const node = findNode(smap, id);
    return node === null || hasServiceFlags(node, rmd);
  };
  while (!ids.every(isApplied)) {
    if (clock.monotonicMs() > deadlineMs)
      throw new AisError("unavailable", `the cluster map does not show the change of ${ids.join(", ")} yet`);
    await sleep(POLL_MS);
    await member.refresh("smap", call.span);
  }
  await syncDocument("rmd", member.snapshot, call, services);
  return syncDocument("smap", member.snapshot, call, services);
}
