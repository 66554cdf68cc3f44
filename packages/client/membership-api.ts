/** Calls that change which nodes serve, and which proxy leads (wire-compat 2.2, 2.3). */
import { actMsg } from "@ais/wire/act-msg.ts";
import { ACTIONS, type Action } from "@ais/wire/actions.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { encodeJson } from "@ais/wire/json.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { type RemoveNodesMsg, removeNodesJson } from "@ais/wire/remove-nodes.ts";
import type { Caller } from "./caller.ts";

export type RemoveNodesOptions = Partial<RemoveNodesMsg> & Pick<RemoveNodesMsg, "ids">;

/** By AIStore's verbs on the command line. */
const NODE_ACTIONS = {
  "start-maintenance": ACTIONS.startMaintenance,
  "stop-maintenance": ACTIONS.stopMaintenance,
  decommission: ACTIONS.decommissionNode,
  shutdown: ACTIONS.shutdownNode,
} as const;

export class MembershipApi {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * The id of the rebalance that was started; empty when none was. Throws `AisApiError`: 404 for an unknown node, 409 while
   * a rebalance runs, 400 for the primary and for what would lose objects.
   */
  change(verb: keyof typeof NODE_ACTIONS, options: RemoveNodesOptions): Promise<string> {
    return this.#act(NODE_ACTIONS[verb], removeNodesJson(options));
  }

  async shutdownCluster(): Promise<void> {
    await this.#act(ACTIONS.shutdownCluster, null);
  }

  async decommissionCluster(rmUserData: boolean): Promise<void> {
    await this.#act(ACTIONS.decommissionCluster, removeNodesJson({ ids: [], rmUserData }));
  }

  /** Resolves when the proxy leads. Throws `AisApiError` with 404 for an unknown one, 400 for one that may not lead. */
  async setPrimary(proxyId: string): Promise<void> {
    const path = `${PATHS.clusterProxy}/${encodeURIComponent(proxyId)}`;
    await this.#caller.text({ method: "PUT", path });
  }

  #act(action: Action, value: unknown): Promise<string> {
    return this.#caller.text({
      method: "PUT",
      path: PATHS.cluster,
      headers: { [HEADERS.contentType]: CONTENT_TYPES.json },
      body: encodeJson(actMsg(action, value)),
    });
  }
}
