/** `trace.tail`: requests as they finish, on every node or on the one of the query item `node`, as lines of JSON. */
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { linesReply } from "@ais/node/intra-trace-tail.ts";
import { finishedFilter } from "@ais/node/requests/finished-filter.ts";
import { nodeNotFound } from "@ais/wire/error-texts.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { findNode } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";
import { ClusterTail } from "../tail/cluster-tail.ts";

export function traceTail({ query, snapshot }: Call, services: ProxyServices): HttpReply {
  const nodeId = query.get(QUERY.traceNode) ?? "";
  if (nodeId !== "" && findNode(snapshot.smap, nodeId) === null) throw nodeNotFound(nodeId);
  // Nodes get the filter as it came; a wrong one is refused before they are asked.
  const filter = finishedFilter(query);
  return linesReply(new ClusterTail({ services, filter, query, nodeId }).stream);
}
