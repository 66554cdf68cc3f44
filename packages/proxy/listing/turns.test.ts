/** An object that moves while a page is asked for is in the page, whenever it moves. */
import { expect, test } from "bun:test";
import { outOfServiceState } from "@ais/wire/fixtures/out-of-service.ts";
import { withNode } from "@ais/wire/rmd.ts";
import { SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import { fakeNode, fakeSnapshot } from "../fixtures/fake-member.ts";
import { type Asked, askInTurn, listingTurns } from "./turns.ts";

type Kind = "leaving" | "settled" | "joined" | "kept";

/** Two of each kind that is named; `kept` are in maintenance for good, with their objects. */
function clusterOf(kinds: readonly Kind[]) {
  const ids = kinds.flatMap((kind) => [`${kind}-1`, `${kind}-2`]);
  const kindOf = (id: string): string => id.split("-")[0] ?? "";
  const nodes = ids.map((id): Snode => {
    const node = fakeNode(id, "target", "http://10.0.0.1:1", 1n);
    const isOut = ["leaving", "kept"].includes(kindOf(id));
    return isOut ? { ...node, flags: SNODE_FLAGS.maintenance } : node;
  });
  const self = fakeNode("proxy", "proxy", "http://10.0.0.2:1", 2n);
  const snapshot = fakeSnapshot(self, nodes, []);
  let rmd = { ...snapshot.rmd, target_ids: ids.filter((id) => kindOf(id) === "settled") };
  for (const node of nodes) {
    if (node.flags === 0) continue;
    const final = kindOf(node.daemon_id) === "kept";
    rmd = withNode(rmd, node.daemon_id, outOfServiceState(node, { final, rebalance: !final }));
  }
  return { smap: snapshot.smap, rmd };
}

function turnsOf(asked: readonly Asked[]): string {
  return asked.map(({ node, turn }) => `${turn} ${node.daemon_id}`).join(", ");
}

/** Moves that placement can make: from whoever does not own an object to one that stays. */
function moves(ids: readonly string[]): readonly (readonly [string, string])[] {
  return ids.flatMap((from) =>
    ids
      .filter((to) => to !== from && !to.startsWith("leaving"))
      // Among these every object is where it belongs.
      .filter((to) => !(from.startsWith("settled") && to.startsWith("settled")))
      .map((to) => [from, to] as const),
  );
}

/** Whether the page has an object that moves before look number `moment`; of the targets of a turn those of `first` look first. */
async function isSeen(
  asked: readonly Asked[],
  [from, to]: readonly [string, string],
  moment: number,
  first: string,
): Promise<boolean> {
  let looks = 0;
  const look = (node: Snode): boolean => {
    const at = looks++ >= moment ? to : from;
    return node.daemon_id === at;
  };
  const answers = await askInTurn(asked, async (nodes) => {
    const inOrder = nodes.toSorted((a, b) => Number(b.daemon_id === first) - Number(a.daemon_id === first));
    const found = new Map(inOrder.map((node) => [node, look(node)]));
    return nodes.map((node) => found.get(node));
  });
  return answers.includes(true);
}

test.each([
  [["settled", "joined"]],
  [["leaving", "settled"]],
  [["leaving", "joined"]],
  [["joined"]],
  [["leaving", "settled", "joined"]],
] as const)("every move in a cluster of %p is seen at every moment", async (kinds) => {
  const asked = listingTurns(clusterOf(kinds));
  const ids = [...new Set(asked.map(({ node }) => node.daemon_id))];
  expect(ids.length).toBe(kinds.length * 2);
  const missed: string[] = [];
  for (const move of moves(ids)) {
    for (const first of ids) {
      for (let moment = 0; moment <= asked.length; moment++)
        if (!(await isSeen(asked, move, moment, first))) missed.push(`${move.join(" to ")} at ${moment}`);
    }
  }
  expect(missed).toEqual([]);
});

test("all are asked at once when everything is in its place, and what is kept in maintenance is not listed", () => {
  expect(turnsOf(listingTurns(clusterOf(["settled"])))).toBe("0 settled-1, 0 settled-2");
  expect(turnsOf(listingTurns(clusterOf(["settled", "kept"])))).toBe("1 settled-1, 1 settled-2");
  expect(listingTurns(clusterOf([]))).toEqual([]);
});

test("a turn begins when the one before has ended, and answers come in the order of the question", async () => {
  const asked = listingTurns(clusterOf(["leaving", "settled", "joined"])).toReversed();
  const log: string[] = [];
  const answers = await askInTurn(asked, async (nodes, turn) => {
    log.push(`begin ${turn}`);
    await Bun.sleep(5);
    log.push(`end ${turn}`);
    return nodes.map(({ daemon_id }) => `${turn} ${daemon_id}`);
  });
  expect(answers.join(", ")).toBe(turnsOf(asked));
  expect(log).toEqual(["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]);
});
