import { AisError } from "@ais/base/errors.ts";
import type { Call } from "@ais/node/call.ts";
import { daemonInfo } from "@ais/node/daemon-info.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import { jsonReply, textReply } from "@ais/node/replies.ts";
import { unrecognizedWhat } from "@ais/wire/error-texts.ts";
import { CONTENT_TYPES, HEADERS } from "@ais/wire/headers.ts";
import { PATHS } from "@ais/wire/paths.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import { activeProxies, activeTargets, type Snode } from "@ais/wire/smap.ts";
import { broadcast, requireAll } from "../broadcast.ts";
import { allStatusesReply, jobStatusReply, runningReply, snapsReply } from "../jobs/query-jobs.ts";
import type { ProxyServices } from "../services.ts";
import { clusterInFlight } from "./cluster-in-flight.ts";

/** Longest wait for one node's answer. */
export const NODE_QUERY_TIMEOUT_MS = 10_000;

/** Questions that a node answers for the cluster as it does for itself. */
const SAME_ON_EVERY_NODE: readonly string[] = [
  WHAT.smap,
  WHAT.smapVote,
  WHAT.bmd,
  WHAT.snode,
  WHAT.clusterConfig,
  WHAT.softwareVersion,
  WHAT.tracing,
];

/** Questions about the cluster (wire-compat 5.3). What is the same on every node is answered by this one. */
export async function clusterGet(call: Call, services: ProxyServices): Promise<HttpReply> {
  const what = call.query.get(QUERY.what) ?? "";
  switch (what) {
    case WHAT.nodeStats:
      return nodeStats(call, services);
    case WHAT.sysInfo:
      return systemInfo(call, services);
    case WHAT.mountpaths: {
      const targets = await askNodes(activeTargets(call.snapshot.smap), what, call, services);
      return rawJsonReply(`{"targets":${joinAnswers(targets)}}`);
    }
    case WHAT.inFlight:
      return clusterInFlight(call, services);
    case WHAT.backends:
      return jsonReply(Object.keys(call.snapshot.config.backend).sort());
    case WHAT.remote:
      return jsonReply({ a: [], ver: 0 });
    case WHAT.targetIps:
      return textReply(targetIps(Object.values(call.snapshot.smap.tmap)));
    case WHAT.status:
      return jobStatusReply(call, services);
    case WHAT.statusAll:
      return allStatusesReply(call, services);
    case WHAT.runningAll:
      return runningReply(call, services);
    case WHAT.queryJobs:
      return snapsReply(call, services);
  }
  const reply = SAME_ON_EVERY_NODE.includes(what) ? await daemonInfo(call, services) : null;
  if (reply === null) throw unrecognizedWhat(what);
  return reply;
}

/** Raw JSON by node id: answers are put together as text, since they hold integers beyond 2^53. */
type Answers = ReadonlyMap<string, string>;

async function nodeStats(call: Call, services: ProxyServices): Promise<HttpReply> {
  const [own, targets] = await Promise.all([
    ownAnswer(call, services),
    askNodes(activeTargets(call.snapshot.smap), WHAT.nodeStats, call, services),
  ]);
  return rawJsonReply(`{"proxy":${own},"target":${joinAnswers(targets)}}`);
}

async function systemInfo(call: Call, services: ProxyServices): Promise<HttpReply> {
  const self = services.facts.id;
  const { smap } = call.snapshot;
  const otherProxies = activeProxies(smap).filter((node) => node.daemon_id !== self);
  const [own, proxies, targets] = await Promise.all([
    ownAnswer(call, services),
    askNodes(otherProxies, WHAT.sysInfo, call, services),
    askNodes(activeTargets(smap), WHAT.sysInfo, call, services),
  ]);
  const all = joinAnswers(new Map([...proxies, [self, own]]));
  return rawJsonReply(`{"proxy":${all},"target":${joinAnswers(targets)}}`);
}

async function ownAnswer(call: Call, services: ProxyServices): Promise<string> {
  const reply = await daemonInfo(call, services);
  if (typeof reply?.body !== "string") throw new AisError("internal", "this proxy has no answer of its own");
  return reply.body.trimEnd();
}

/** All nodes must answer: statistics without one of them would look whole. */
async function askNodes(
  nodes: readonly Snode[],
  what: string,
  call: Call,
  services: ProxyServices,
): Promise<Answers> {
  if (nodes.length === 0) return new Map();
  const request = {
    method: "GET",
    path: PATHS.daemon,
    query: `${QUERY.what}=${what}`,
    timeoutMs: NODE_QUERY_TIMEOUT_MS,
    signal: call.request.signal,
  };
  const outcomes = await broadcast("daemon.get", nodes, request, call, services);
  const decoder = new TextDecoder();
  return new Map(
    requireAll(outcomes, `get ${what} of every node`).map(({ node, response }) => [
      node.daemon_id,
      decoder.decode(response.body).trimEnd(),
    ]),
  );
}

function joinAnswers(answers: Answers): string {
  const ids = [...answers.keys()].sort();
  return `{${ids.map((id) => `${JSON.stringify(id)}:${answers.get(id)}`).join(",")}}`;
}

function rawJsonReply(json: string): HttpReply {
  return { status: 200, headers: [[HEADERS.contentType, CONTENT_TYPES.json]], body: `${json}\n` };
}

/** The three nets of every target, as AIStore lists them for `curl --noproxy`. */
function targetIps(targets: readonly Snode[]): string {
  return targets
    .flatMap((node) => [node.public_net, node.intra_control_net, node.intra_data_net])
    .map((net) => net.node_ip_addr)
    .join(",");
}
