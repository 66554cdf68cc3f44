/** Loads on objects of the cluster of one target, straight at it or through the proxy. */
import { readFileSync } from "node:fs";
import { objectPath } from "@ais/wire/paths.ts";
import type { LoadGroup, LoadPlan } from "../../lib/load-protocol.ts";
import type { BenchContext } from "../bench-context.ts";
import { loadContender, runLoad } from "../contenders.ts";
import { type EngineCluster, portOf } from "../engine-cluster.ts";
import type { Contender } from "../row.ts";
import type { SizePlan } from "../sizes.ts";

export type Route = "direct" | "proxy";

/** No measurement of a fixed amount of work takes longer. */
export const UNLIMITED_S = 600;

export function objectNames(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}/object-${index}`);
}

/** Request targets; straight at the target they carry what a redirect would have added. */
export async function requestTargets(
  cluster: EngineCluster,
  bucket: string,
  names: readonly string[],
  route: Route,
): Promise<readonly string[]> {
  const query = route === "direct" ? await cluster.redirectQuery(bucket) : "";
  return names.map((name) => `${objectPath(bucket, name)}${query}`);
}

export function getGroup(targets: readonly string[], bytes: number): LoadGroup {
  return { method: "GET", targets, requestBodyBytes: 0, replyBodyBytes: bytes, replyStatus: 200 };
}

export function putGroup(targets: readonly string[], bytes: number): LoadGroup {
  return { method: "PUT", targets, requestBodyBytes: bytes, replyBodyBytes: 0, replyStatus: 200 };
}

/** What the cluster is loaded with. */
export interface ObjectLoad {
  readonly groups: readonly LoadGroup[];
  readonly route: Route;
  readonly connections: number;
  /** 0 is no limit. */
  readonly requestsMax: number;
  readonly seconds: number;
  readonly bytes: number;
}

export async function clusterContender(context: BenchContext, load: ObjectLoad): Promise<Contender> {
  return contenderOf("aisnode", await context.smallCluster(), context, load);
}

export async function contenderOf(
  name: string,
  cluster: EngineCluster,
  context: BenchContext,
  load: ObjectLoad,
): Promise<Contender> {
  const [target] = cluster.targets;
  if (target === undefined) throw new Error("the cluster has no target");
  const isDirect = load.route === "direct";
  const plan = planFor(isDirect ? portOf(target) : cluster.proxyPort, load);
  const pids = (isDirect ? [target.pid] : cluster.pids).flatMap(processesOf);
  return loadContender(name, pids, await context.load(), plan, load.bytes);
}

/** A daemon and its workers. */
function processesOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return [pid, ...(children === "" ? [] : children.split(" ").map(Number))];
}

/** The same load on another server. */
export async function bareContender(
  context: BenchContext,
  name: string,
  server: { readonly port: number; readonly pids: readonly number[] },
  load: ObjectLoad,
): Promise<Contender> {
  return loadContender(name, server.pids, await context.load(), planFor(server.port, load), load.bytes);
}

function planFor(port: number, load: ObjectLoad): LoadPlan {
  const { groups, route, connections, seconds, requestsMax } = load;
  return { port, groups, connections, seconds, requestsMax, followsRedirects: route === "proxy" };
}

/** Stores `names` once, each with `bytes` bytes, straight at the target. */
export async function storeObjects(
  context: BenchContext,
  bucket: string,
  names: readonly string[],
  { bytes, connections }: Pick<SizePlan, "bytes" | "connections">,
  onto?: EngineCluster,
): Promise<void> {
  const cluster = onto ?? (await context.smallCluster());
  const [target] = cluster.targets;
  if (target === undefined) throw new Error("the cluster has no target");
  const plan: LoadPlan = {
    port: portOf(target),
    groups: [putGroup(await requestTargets(cluster, bucket, names, "direct"), bytes)],
    connections: Math.min(connections, names.length),
    seconds: UNLIMITED_S,
    requestsMax: names.length,
  };
  const { requests } = await runLoad(await context.load(), plan, "the target");
  if (requests !== names.length) throw new Error(`stored ${requests} objects of ${names.length}`);
}
