/** `ActValRmNode` (wire-compat 2.3): the value of the actions that take nodes out of service and back. */
import { AisError } from "@ais/base/errors.ts";
import * as v from "valibot";
import { lowerCaseKeys } from "./act-msg.ts";

const flag = v.nullish(v.boolean(), false);
const RemoveNodesSchema = v.object({
  sid: v.nullish(v.string(), ""),
  sids: v.nullish(v.array(v.string()), []),
  skip_rebalance: flag,
  rm_user_data: flag,
  keep_initial_config: flag,
  no_shutdown: flag,
});

export interface RemoveNodesMsg {
  /** In the order given, none twice; may be empty where the action is about the whole cluster. */
  readonly ids: readonly string[];
  readonly skipRebalance: boolean;
  readonly rmUserData: boolean;
  readonly keepInitialConfig: boolean;
  /** The process of a decommissioned node goes on, outside of the cluster. */
  readonly noShutdown: boolean;
}

/** Absent and null members are defaults. Throws `badRequest`, also for a node named twice. */
export function parseRemoveNodesMsg(value: unknown): RemoveNodesMsg {
  const json = typeof value === "object" && value !== null ? lowerCaseKeys(value) : {};
  const result = v.safeParse(RemoveNodesSchema, json);
  if (!result.success) throw new AisError("badRequest", `invalid message: ${result.issues[0].message}`);
  const { sid, sids, skip_rebalance, rm_user_data, keep_initial_config, no_shutdown } = result.output;
  // One node comes as `sid`; of several the first may come so too.
  const ids = sids.length > 0 ? sids : sid === "" ? [] : [sid];
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new AisError("badRequest", `node "${twice}" is named more than once`);
  return {
    ids,
    skipRebalance: skip_rebalance,
    rmUserData: rm_user_data,
    keepInitialConfig: keep_initial_config,
    noShutdown: no_shutdown,
  };
}

/** The message as Go sends it. */
export function removeNodesJson({
  ids,
  skipRebalance = false,
  rmUserData = false,
  keepInitialConfig = false,
  noShutdown = false,
}: Partial<RemoveNodesMsg> & Pick<RemoveNodesMsg, "ids">) {
  return {
    sid: ids[0] ?? "",
    ...(ids.length > 1 ? { sids: ids } : {}),
    skip_rebalance: skipRebalance,
    rm_user_data: rmUserData,
    keep_initial_config: keepInitialConfig,
    no_shutdown: noShutdown,
  };
}
