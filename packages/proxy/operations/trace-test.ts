/** `trace.test`: every node, or the one of the query item `node`, sends one span to the collector and says what came of it. */
import { errorText } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { nodeNotFound } from "@ais/wire/error-texts.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { allNodes, findNode, type Smap, type Snode } from "@ais/wire/smap.ts";
import type { ProxyServices } from "../services.ts";

/** A collector that does not answer has ten seconds to do so; the node needs some more to say it. */
const NODE_TIMEOUT_MS = 20_000;

/** By daemon id. A node that does not answer says so like a failed test. */
export async function traceTest(call: Call, services: ProxyServices): Promise<HttpReply> {
  const nodes = chosenNodes(call.snapshot.smap, call.query.get(QUERY.traceNode) ?? "");
  const results = await Promise.all(
    nodes.map(async (node) => [node.daemon_id, await testNode(node, call, services)] as const),
  );
  return jsonReply(Object.fromEntries(results));
}

export function chosenNodes(smap: Smap, id: string): readonly Snode[] {
  if (id === "") return allNodes(smap);
  const node = findNode(smap, id);
  if (node === null) throw nodeNotFound(id);
  return [node];
}

async function testNode(node: Snode, call: Call, services: ProxyServices): Promise<unknown> {
  const { facts, tracing } = services;
  if (node.daemon_id === facts.id) return tracing.test();
  const request = {
    method: "POST",
    path: PATHS.intraTraceTest,
    timeoutMs: NODE_TIMEOUT_MS,
    signal: call.request.signal,
  };
  try {
    const { status, body } = await callPeer(node, request, NOOP_SPAN, services);
    return status === 200
      ? JSON.parse(new TextDecoder().decode(body))
      : { ok: false, status: `the node answered ${status}` };
  } catch (error) {
    return { ok: false, status: errorText(error) };
  }
}
