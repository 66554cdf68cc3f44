import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { daemonAct } from "@ais/node/daemon-act.ts";
import { daemonPut } from "@ais/node/daemon-put.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { callPeer } from "@ais/node/peer-client.ts";
import { jsonReply } from "@ais/node/replies.ts";
import { withoutTraceQuery } from "@ais/tracing/redact.ts";
import { missingNodeId, nodeNotFound } from "@ais/wire/error-texts.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import { findNode, isActive, SNODE_FLAGS, type Snode } from "@ais/wire/smap.ts";
import { ACT_MSG_LIMIT_BYTES } from "../act-msg-body.ts";
import type { ProxyServices } from "../services.ts";
import { daemonGet } from "./daemon-get.ts";

/** Logs of a node may be long to read. */
export const REVERSE_TIMEOUT_MS = 60_000;

/** Headers of the node's reply that belong to the answer and not to the connection. */
const RELAYED_HEADERS = [HEADERS.contentType, HEADERS.error, HEADERS.nodeId, HEADERS.allow];

/** Relays a call to the node named by `Ais-Node-Id`, which may be this one (wire-compat 5.4). */
export async function reverseDaemon(call: Call, services: ProxyServices): Promise<HttpReply> {
  const { request } = call;
  const id = request.header(HEADERS.nodeId.toLowerCase()) ?? "";
  if (id === "") throw missingNodeId();
  const node =
    findNode(call.snapshot.smap, id) ?? findNode((await services.member.refresh("smap", call.span)).smap, id);
  if (node === null) throw nodeNotFound(id);
  if (id === services.facts.id) return answerHere(call, services);
  const state = outOfServiceStatus(node, call);
  if (state !== null) return state;
  const body = await request.bytes(ACT_MSG_LIMIT_BYTES);
  const response = await callPeer(
    node,
    {
      method: request.method,
      path: [PATHS.daemon, ...call.rest.map(encodeURIComponent)].join("/"),
      query: withoutTraceQuery(request.rawQuery),
      headers: { [HEADERS.callerId]: services.facts.id },
      ...(body.byteLength === 0 ? {} : { body }),
      timeoutMs: REVERSE_TIMEOUT_MS,
      signal: request.signal,
    },
    call.span,
    services,
  );
  const headers = RELAYED_HEADERS.flatMap((name): [string, string][] => {
    const value = response.headers[name.toLowerCase()];
    return value === undefined ? [] : [[name, value]];
  });
  return { status: response.status, headers, body: response.body.byteLength === 0 ? null : response.body };
}

/** The state of a node that is out of service is known here, whether it runs or not (wire-compat 5.4). */
function outOfServiceStatus(node: Snode, call: Call): HttpReply | null {
  if (isActive(node) || call.request.method !== "GET" || call.query.get(QUERY.what) !== WHAT.nodeStatus)
    return null;
  const status = (node.flags & SNODE_FLAGS.maintenance) !== 0 ? "maintenance" : "decommission";
  return jsonReply({ snode: node, status });
}

function answerHere(call: Call, services: ProxyServices): HttpReply | Promise<HttpReply> {
  switch (call.request.method) {
    case "GET":
      return daemonGet(call, services);
    case "PUT":
      return call.rest.length === 0 ? daemonAct(call, services) : daemonPut(call, services);
  }
  throw new AisError("unsupported", `${call.request.method} of a node's own settings is not supported`);
}
