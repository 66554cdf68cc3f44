import { errorText } from "@ais/base/errors.ts";
import type { AisClient } from "@ais/client/ais-client.ts";
import { type JsonObject, textAt } from "@ais/client/json-view.ts";
import { findNode, isActive, type Smap, SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import { UsageError } from "../errors.ts";

export interface NodeState {
  readonly snode: Snode;
  readonly isPrimary: boolean;
  /** `online`, `maintenance`, … or why the node could not be asked. */
  readonly state: string;
  /** `what=node_status`; empty when the node could not be asked. */
  readonly status: JsonObject;
}

export const ONLINE = "online";

/** Asks every node through the proxy, at the same time; a node that does not answer is a state, no failure. */
export async function fetchNodeStates(
  client: AisClient,
  smap: Smap,
  nodes: readonly Snode[],
): Promise<readonly NodeState[]> {
  const states = nodes.map(async (snode): Promise<NodeState> => {
    const isPrimary = snode.daemon_id === smap.proxy_si?.daemon_id;
    try {
      const status = await client.cluster.nodeStatus(snode.daemon_id);
      return { snode, isPrimary, state: textAt(status, "status") || flagsState(snode), status };
    } catch (error) {
      return { snode, isPrimary, state: `offline: ${errorText(error)}`, status: {} };
    }
  });
  return (await Promise.all(states)).sort((left, right) =>
    left.snode.daemon_id < right.snode.daemon_id ? -1 : 1,
  );
}

function flagsState(snode: Snode): string {
  if (isActive(snode)) return ONLINE;
  return (snode.flags & SNODE_FLAGS.maintenance) !== 0 ? "maintenance" : "decommission";
}

/** Throws `UsageError` when there is no such node. */
export function requireNode(smap: Smap, word: string): Snode {
  const node = findNode(smap, nodeIdOf(word));
  if (node === null) throw new UsageError(`no node "${nodeIdOf(word)}" in the cluster`);
  return node;
}

/** `p[abc]` and `t[abc]` are ways to write the id `abc`. */
export function nodeIdOf(argument: string): string {
  return /^[pt]\[(.+)\]$/.exec(argument)?.[1] ?? argument;
}
