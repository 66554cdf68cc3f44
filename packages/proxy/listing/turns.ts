/** In which order targets are asked for a page while objects move between them. */
import { must } from "@ais/base/assert.ts";
import type { ClusterSnapshot } from "@ais/cluster/snapshot.ts";
import { isSettled, leavingTargets, outOfService, unsettledTargets } from "@ais/wire/rmd.ts";
import { activeTargets, type Snode } from "@ais/wire/smap.ts";

/** A target that is asked, and when; one that is asked twice stands twice in a list of these. */
export interface Asked {
  readonly node: Snode;
  readonly turn: number;
}

/**
 * Every target that may hold objects of a listing, in the order of its turns; all at once when everything is in its place.
 *
 * By one cluster map an object moves once, to its owner, and is there before it is gone where it was. So it is seen whenever
 * it moves, if its owner is asked after the target that it leaves. Those that leave the cluster only give. Those among which
 * placement is settled give to those that came (back), and to nobody else. Those that came may give to any that stays, one
 * of themselves as well, and get from anybody: they are asked before the settled ones for what they give, and after them,
 * once all of them have been asked, for what they get.
 */
export function listingTurns({ smap, rmd }: Pick<ClusterSnapshot, "smap" | "rmd">): readonly Asked[] {
  const at =
    (turn: number) =>
    (node: Snode): Asked => ({ node, turn });
  const active = activeTargets(smap);
  if (isSettled({ smap, rmd })) return active.map(at(0));
  const unsettled = unsettledTargets(smap, rmd);
  const joined = active.filter((node) => unsettled.includes(node.daemon_id));
  const settled = active.filter((node) => !unsettled.includes(node.daemon_id));
  // What is in maintenance with its objects is not listed.
  const leaving = leavingTargets(smap, rmd).filter(
    (node) => outOfService(rmd, node.daemon_id)?.final !== true,
  );
  return [...[...leaving, ...joined].map(at(0)), ...settled.map(at(1)), ...joined.map(at(2))];
}

/** Asks those of a turn at once, and those of the next one when all of them have answered. The answers are in the order of `asked`. */
export async function askInTurn<R>(
  asked: readonly Asked[],
  ask: (nodes: readonly Snode[], turn: number) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const answers = new Map<Asked, R>();
  const turns = [...new Set(asked.map((each) => each.turn))].sort((a, b) => a - b);
  for (const turn of turns) {
    const now = asked.filter((each) => each.turn === turn);
    const replies = await ask(
      now.map(({ node }) => node),
      turn,
    );
    for (const [index, each] of now.entries())
      answers.set(each, must(replies[index], "every target asked has answered"));
  }
  return asked.map((each) => must(answers.get(each), "every target has its turn"));
}
