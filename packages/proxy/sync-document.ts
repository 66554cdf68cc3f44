/** Makes a change of cluster metadata visible on every node before the reply to its author goes out. */
import type { ClusterSnapshot, DocumentName } from "@ais/cluster/snapshot.ts";
import type { Call } from "@ais/node/call.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { allNodes, nodeName } from "@ais/wire/smap.ts";
import { broadcast } from "./broadcast.ts";
import type { ProxyServices } from "./services.ts";

/** Longest wait for the slowest node. */
export const SYNC_TIMEOUT_MS = 3000;

/**
 * Tells every other node to read the document, and waits for them. A node that does not answer is logged and passed
 * over: it gets the change from its watch, and until then refreshes by the `bmdv` of redirects or on the first miss. The
 * ids of those.
 */
export async function syncDocument(
  document: DocumentName,
  snapshot: ClusterSnapshot,
  call: Pick<Call, "span">,
  services: ProxyServices,
): Promise<readonly string[]> {
  const self = services.facts.id;
  const others = allNodes(snapshot.smap).filter((node) => node.daemon_id !== self);
  const version = documentVersion(document, snapshot);
  const ownWorkers = services.workers.sync(document, version);
  if (others.length === 0) return ownWorkers.then(() => []);
  const request = {
    method: "POST",
    path: PATHS.intraSync,
    query: `${QUERY.document}=${document}&${QUERY.version}=${version}`,
    timeoutMs: SYNC_TIMEOUT_MS,
  };
  const outcomes = await broadcast("intra.sync", others, request, call, services);
  const failed = outcomes.filter(({ failure }) => failure !== null);
  for (const { node, failure } of failed) {
    const fields = { node: nodeName(node), document, version, failure };
    services.logger.log("warn", "node did not confirm a metadata change", fields, call.span);
  }
  await ownWorkers;
  return failed.map(({ node }) => node.daemon_id);
}

function documentVersion(document: DocumentName, snapshot: ClusterSnapshot): string {
  return document === "config" ? snapshot.config.config_version : snapshot[document].version;
}
