import { expect, test } from "bun:test";
import { outOfServiceState } from "./fixtures/out-of-service.ts";
import { encodeJson } from "./json.ts";
import {
  emptyRmd,
  holdingTargets,
  isSettled,
  leavingTargets,
  type OutOfService,
  parseRmd,
  type Removal,
  rebalanceGoal,
  unsettledTargets,
  withNode,
  withServiceFlags,
} from "./rmd.ts";
import { emptySmap, type Smap, type Snode } from "./smap.ts";

function target(id: string, flags = 0): Snode {
  const net = { node_ip_addr: "h", daemon_port: "1", direct_url: `http://h/${id}` };
  return {
    public_net: net,
    intra_control_net: net,
    intra_data_net: net,
    daemon_type: "target",
    daemon_id: id,
    flags,
    id_digest: 1n,
  };
}

function smapOf(...nodes: readonly Snode[]): Smap {
  return { ...emptySmap(), tmap: Object.fromEntries(nodes.map((node) => [node.daemon_id, node])) };
}

function out(id: string, action: Removal, change: Partial<OutOfService> = {}): OutOfService {
  return outOfServiceState(target(id), { action, ...change });
}

test("the document survives its text, and other texts are refused", () => {
  const rmd = withNode({ ...emptyRmd(), target_ids: ["t1"], left: ["t2"] }, "t3", out("t3", "shutdown-node"));
  expect(parseRmd(encodeJson(rmd))).toEqual(rmd);
  expect(withNode(rmd, "t3", null).nodes).toEqual({});
  expect(() => parseRmd('{"version":"x"}')).toThrow("invalid RMD");
});

test.each([
  ["start-maintenance", {}, 4],
  ["start-maintenance", { moved: true }, 4 | 16],
  ["shutdown-node", {}, 4],
  ["decommission-node", {}, 8],
  ["decommission-node", { moved: true }, 8],
] as const)("a node under %s %j has the flags %d beside its own", (action, change, flags) => {
  const rmd = withNode(emptyRmd(), "t1", out("t1", action, change));
  expect(withServiceFlags([target("t1", 1), target("t2")], rmd).map((node) => node.flags)).toEqual([
    flags | 1,
    0,
  ]);
});

test("a node that is out of service for a time stays in the map without a process, on its way out it does not", () => {
  const states: readonly [Partial<OutOfService>, Removal, boolean][] = [
    [{ final: true, moved: true }, "start-maintenance", true],
    [{ final: true }, "shutdown-node", true],
    [{ final: false }, "shutdown-node", false],
    [{ final: true, moved: true }, "decommission-node", false],
  ];
  for (const [change, action, isKept] of states) {
    const rmd = withNode(emptyRmd(), "t1", out("t1", action, change));
    expect(withServiceFlags([], rmd).length).toBe(isKept ? 1 : 0);
  }
});

test("placement is settled when nobody lacks objects and nobody has to give any", () => {
  const rmd = { ...emptyRmd(), target_ids: ["t1", "t2"] };
  const both = smapOf(target("t1"), target("t2"));
  expect(isSettled({ smap: both, rmd })).toBe(true);
  // A target that is gone took its objects along: what is left is in its place.
  expect(isSettled({ smap: smapOf(target("t1")), rmd })).toBe(true);
  const joined = smapOf(target("t1"), target("t2"), target("t3"));
  expect(isSettled({ smap: joined, rmd })).toBe(false);
  expect(unsettledTargets(joined, rmd)).toEqual(["t3"]);
  const leaving = withNode({ ...rmd, target_ids: ["t1"] }, "t2", out("t2", "start-maintenance"));
  const smap = smapOf(target("t1"), target("t2", 4));
  expect(isSettled({ smap, rmd: leaving })).toBe(false);
  expect(holdingTargets(smap, leaving).map((node) => node.daemon_id)).toEqual(["t1", "t2"]);
  const left = withNode(leaving, "t2", out("t2", "start-maintenance", { moved: true, final: true }));
  expect(isSettled({ smap, rmd: left })).toBe(true);
  expect(leavingTargets(smap, left)).toEqual([]);
  // The same map with another document is judged anew.
  expect(isSettled({ smap, rmd: leaving })).toBe(false);
});

test("the goal of a rebalance changes with who serves and who has to go, and with nothing else", () => {
  const rmd = { ...emptyRmd(), target_ids: ["t1"] };
  const smap = smapOf(target("t2"), target("t1"));
  const goal = rebalanceGoal(smap, rmd);
  expect(rebalanceGoal(smapOf(target("t1"), target("t2")), { ...rmd, version: "9" })).toBe(goal);
  expect(rebalanceGoal(smapOf(target("t1")), rmd)).not.toBe(goal);
  const leaving = withNode(rmd, "t2", out("t2", "decommission-node"));
  expect(rebalanceGoal(smapOf(target("t1"), target("t2", 8)), leaving)).not.toBe(
    rebalanceGoal(smapOf(target("t1")), rmd),
  );
});
