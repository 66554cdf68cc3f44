/**
 * Notes that nodes are on their way out of service. Whether there are buckets, and so anything to move, stands in another
 * document than that, and the two cannot be changed together: it is asked once no new object can come to the nodes any
 * more. A bucket that is not there then has no object on them; one that is made later gets none.
 */
import type { Call } from "@ais/node/call.ts";
import { listBuckets } from "@ais/wire/bmd.ts";
import { type OutOfService, outOfService, type Rmd, withNode } from "@ais/wire/rmd.ts";
import type { Snode } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";
import { applyFlags } from "./apply-flags.ts";

type Marking = Omit<OutOfService, "snode" | "moved" | "final">;

/** The rebalance metadata of before. */
export async function mark(
  nodes: readonly Snode[],
  marking: Marking,
  { span }: Call,
  { member }: ProxyServices,
): Promise<Rmd> {
  let before = member.snapshot.rmd;
  await member.updateRmd((rmd) => {
    before = rmd;
    return nodes.reduce((next, snode) => {
      const known = outOfService(rmd, snode.daemon_id);
      const state: OutOfService = {
        ...marking,
        snode: { ...snode, flags: known?.snode.flags ?? snode.flags },
        // A proxy waits for nothing.
        rebalance: marking.rebalance && snode.daemon_type === "target",
        moved: known?.moved === true,
        final: false,
      };
      return withNode(next, snode.daemon_id, state);
    }, rmd);
  }, span);
  return before;
}

/** Nodes that were marked while there were no buckets. */
export interface MarkedNodes {
  readonly ids: readonly string[];
  /** Nodes that may not know it yet: one that leaves and does not know may take new objects. */
  readonly behind: readonly string[];
  /** As it was without the marks. */
  readonly before: Rmd;
  /** Whether objects are to be handed over, if there are any. */
  readonly decide: () => boolean;
}

/** True when there may be objects to hand over after all. What `decide` throws then takes the marks back. */
export async function settleEmpty(
  { ids, behind, before, decide }: MarkedNodes,
  call: Call,
  services: ProxyServices,
): Promise<boolean> {
  const { member } = services;
  const change = async (next: (state: OutOfService, id: string) => OutOfService | null): Promise<void> => {
    const one = (rmd: Rmd, id: string): Rmd => {
      const state = outOfService(rmd, id);
      return state === null ? rmd : withNode(rmd, id, next(state, id));
    };
    await member.updateRmd((rmd) => ids.reduce(one, rmd), call.span);
    await applyFlags(ids, call, services);
  };
  const { bmd } = await member.refresh("bmd", call.span);
  const isTarget = ({ snode }: OutOfService): boolean => snode.daemon_type === "target";
  const isBehind = (id: string): boolean => {
    const state = outOfService(member.snapshot.rmd, id);
    return behind.includes(id) && state !== null && isTarget(state);
  };
  if (listBuckets(bmd).length === 0 && !ids.some(isBehind)) {
    await change((state) => ({ ...state, rebalance: false, moved: state.moved || isTarget(state) }));
    return false;
  }
  let rebalance: boolean;
  try {
    rebalance = decide();
  } catch (error) {
    await change((_, id) => outOfService(before, id));
    throw error;
  }
  if (!rebalance) await change((state) => ({ ...state, rebalance: false }));
  return rebalance;
}
