import { expect, test } from "bun:test";
import { parseRemoveNodesMsg, removeNodesJson } from "./remove-nodes.ts";

const NOTHING = { skipRebalance: false, rmUserData: false, keepInitialConfig: false, noShutdown: false };

test.each([
  [{ sid: "t1", skip_rebalance: false }, ["t1"]],
  [{ sid: "t1", sids: ["t1", "t2"] }, ["t1", "t2"]],
  [{ sids: ["t2"] }, ["t2"]],
  [{ SID: "t3", rm_user_data: null }, ["t3"]],
  [null, []],
])("%j names %j", (value, ids) => {
  expect(parseRemoveNodesMsg(value)).toEqual({ ids, ...NOTHING });
});

test("options come through, and go out as they came", () => {
  const message = {
    ids: ["t1", "t2"],
    skipRebalance: true,
    rmUserData: true,
    keepInitialConfig: true,
    noShutdown: true,
  };
  expect(parseRemoveNodesMsg(removeNodesJson(message))).toEqual(message);
  expect(removeNodesJson({ ids: ["t1"] })).toEqual({
    sid: "t1",
    skip_rebalance: false,
    rm_user_data: false,
    keep_initial_config: false,
    no_shutdown: false,
  });
});

test("a node named twice and values of the wrong kind are refused", () => {
  expect(() => parseRemoveNodesMsg({ sids: ["a", "b", "a"] })).toThrow('node "a" is named more than once');
  expect(() => parseRemoveNodesMsg({ sid: 7 })).toThrow("invalid message");
  expect(() => parseRemoveNodesMsg({ sid: "a", rm_user_data: "yes" })).toThrow("invalid message");
});
