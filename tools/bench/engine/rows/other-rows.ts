/** HEAD, a mix of GET and PUT, DELETE, and the proxy's redirect by itself. */
import { join } from "node:path";
import type { LoadGroup } from "../../lib/load-protocol.ts";
import { type BenchContext, OS_BUCKET } from "../bench-context.ts";
import { startConstantServer, startRedirectServer } from "../ceilings/servers.ts";
import { loadContender, runFileWork } from "../contenders.ts";
import type { Contender, Contenders, RowPlan } from "../row.ts";
import { sizeNamed } from "../sizes.ts";
import {
  bareContender,
  clusterContender,
  getGroup,
  objectNames,
  putGroup,
  type Route,
  requestTargets,
  storeObjects,
  UNLIMITED_S,
} from "./object-load.ts";

const SIZE = sizeNamed("4k");
/** Removed by one measurement. */
const DELETED_OBJECTS = 4_000;

export function otherRows(): readonly RowPlan[] {
  return [
    headRow("direct"),
    headRow("proxy"),
    mixedRow("direct"),
    mixedRow("proxy"),
    {
      name: "delete_4k",
      title: `DELETE of ${DELETED_OBJECTS} objects of 4 KiB, straight at the target`,
      unit: "objects/s",
      prepare: prepareDelete,
    },
    {
      name: "proxy_redirect",
      title: "the proxy's redirect of a GET, not followed",
      unit: "requests/s",
      prepare: prepareRedirect,
    },
  ];
}

function headRow(route: Route): RowPlan {
  return {
    name: `head_4k_${route}`,
    title: `HEAD, ${route === "direct" ? "straight at the target" : "through the proxy"}`,
    unit: "requests/s",
    async prepare(context, stack) {
      const group = (targets: readonly string[]): readonly LoadGroup[] => [
        { method: "HEAD", targets, requestBodyBytes: 0, replyBodyBytes: 0, replyStatus: 200 },
      ];
      return readContenders(context, stack, route, group);
    },
  };
}

function mixedRow(route: Route): RowPlan {
  return {
    name: `mixed_4k_${route}`,
    title: `GET and PUT of 4 KiB in turn, ${route === "direct" ? "straight at the target" : "through the proxy"}`,
    unit: "requests/s",
    async prepare(context) {
      const names = objectNames("mixed-read", SIZE.readObjects);
      await storeObjects(context, OS_BUCKET, names, SIZE);
      const cluster = await context.smallCluster();
      const written = objectNames("mixed-written", SIZE.writtenObjects);
      const value = await clusterContender(context, {
        groups: [
          getGroup(await requestTargets(cluster, OS_BUCKET, names, route), SIZE.bytes),
          putGroup(await requestTargets(cluster, OS_BUCKET, written, route), SIZE.bytes),
        ],
        route,
        connections: SIZE.connections,
        requestsMax: 0,
        seconds: context.options.seconds,
        bytes: SIZE.bytes,
      });
      return { value, ceiling: null };
    },
  };
}

async function readContenders(
  context: BenchContext,
  stack: AsyncDisposableStack,
  route: Route,
  groups: (targets: readonly string[]) => readonly LoadGroup[],
): Promise<Contenders> {
  const names = objectNames("read", SIZE.readObjects);
  await storeObjects(context, OS_BUCKET, names, SIZE);
  const targets = await requestTargets(await context.smallCluster(), OS_BUCKET, names, route);
  const load = {
    groups: groups(targets),
    route,
    connections: SIZE.connections,
    requestsMax: 0,
    seconds: context.options.seconds,
    bytes: 0,
  };
  const constant = await startConstantServer(SIZE.bytes, stack);
  const bare = route === "direct" ? constant : await startRedirectServer(constant, stack);
  const name = `${route === "direct" ? "" : "node:http redirect, "}Bun.serve, constant buffer`;
  return {
    value: await clusterContender(context, load),
    ceiling: await bareContender(context, name, bare, load),
  };
}

/** Every measurement stores its objects first, which is not measured. */
async function prepareDelete(context: BenchContext): Promise<Contenders> {
  const cluster = await context.smallCluster();
  const names = objectNames("deleted", DELETED_OBJECTS);
  const targets = await requestTargets(cluster, OS_BUCKET, names, "direct");
  const deletion = await clusterContender(context, {
    groups: [{ method: "DELETE", targets, requestBodyBytes: 0, replyBodyBytes: null, replyStatus: 200 }],
    route: "direct",
    connections: SIZE.connections,
    requestsMax: DELETED_OBJECTS,
    seconds: UNLIMITED_S,
    bytes: 0,
  });
  const value: Contender = {
    ...deletion,
    async measure() {
      await storeObjects(context, OS_BUCKET, names, SIZE);
      return deletion.measure();
    },
  };
  return { value, ceiling: await unlinkContender(context) };
}

async function unlinkContender(context: BenchContext): Promise<Contender> {
  const worker = await context.fileWorker();
  const common = {
    directory: join(context.directory, "deleted"),
    objects: DELETED_OBJECTS,
    inFlight: SIZE.connections,
  };
  return {
    name: "unlink of a file per object",
    pids: [worker.pid],
    async measure() {
      const stored = { names: DELETED_OBJECTS, bytes: SIZE.bytes, sync: false, seconds: UNLIMITED_S };
      await runFileWork(worker, { kind: "put", ...common, ...stored });
      return runFileWork(worker, { kind: "delete", ...common });
    },
  };
}

async function prepareRedirect(context: BenchContext, stack: AsyncDisposableStack): Promise<Contenders> {
  const cluster = await context.smallCluster();
  const names = objectNames("redirected", SIZE.readObjects);
  const targets = await requestTargets(cluster, OS_BUCKET, names, "proxy");
  const nowhere = { port: 1, pids: [] };
  const bare = await startRedirectServer(nowhere, stack);
  const load = await context.load();
  const contender = (name: string, port: number, pids: readonly number[]): Contender =>
    loadContender(
      name,
      pids,
      load,
      {
        port,
        groups: [{ method: "GET", targets, requestBodyBytes: 0, replyBodyBytes: null, replyStatus: 301 }],
        connections: SIZE.connections,
        seconds: context.options.seconds,
        requestsMax: 0,
      },
      0,
    );
  return {
    value: contender("aisnode", cluster.proxyPort, [cluster.proxy.pid]),
    ceiling: contender("node:http redirect", bare.port, bare.pids),
  };
}
