/** GET of every size, straight at the target and through the proxy. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type BenchContext, OS_BUCKET } from "../bench-context.ts";
import { nginxPath, startNginx } from "../ceilings/nginx.ts";
import {
  type BareServer,
  startConstantServer,
  startFileServer,
  startRedirectServer,
} from "../ceilings/servers.ts";
import type { Contender, Contenders, RowPlan, Unit } from "../row.ts";
import { SIZES, type SizePlan } from "../sizes.ts";
import {
  bareContender,
  clusterContender,
  getGroup,
  type ObjectLoad,
  objectNames,
  type Route,
  requestTargets,
  storeObjects,
  UNLIMITED_S,
} from "./object-load.ts";

/** Below it requests are what costs, above it bytes. */
const BYTES_COUNT_FROM = 64 * 1024;
const LARGE_ROUNDS_MAX = 3;

export function getRows(): readonly RowPlan[] {
  return SIZES.flatMap((size) => [getRow(size, "direct"), getRow(size, "proxy")]);
}

function getRow(size: SizePlan, route: Route): RowPlan {
  const where = route === "direct" ? "straight at the target" : "through the proxy";
  return {
    name: `get_${size.name}_${route}`,
    title: `GET ${size.title}, ${where}, ${size.connections} connections`,
    unit: unitOf(size),
    ...(size.getsMax > 0 ? { roundsMax: LARGE_ROUNDS_MAX } : {}),
    prepare: (context, stack) => prepareGet(context, stack, size, route),
  };
}

function unitOf({ bytes }: SizePlan): Unit {
  return bytes < BYTES_COUNT_FROM ? "requests/s" : "CPU-s/GiB";
}

async function prepareGet(
  context: BenchContext,
  stack: AsyncDisposableStack,
  size: SizePlan,
  route: Route,
): Promise<Contenders> {
  const names = objectNames(`get-${size.name}`, size.readObjects);
  await storeObjects(context, OS_BUCKET, names, size);
  const cluster = await context.smallCluster();
  const targets = await requestTargets(cluster, OS_BUCKET, names, route);
  const load = getLoad(context, size, route, targets);
  const value = await clusterContender(context, load);

  const root = join(context.directory, `get-${size.name}`);
  const path = join(root, "file");
  await mkdir(root, { recursive: true });
  await Bun.write(path, new Uint8Array(size.bytes));
  const isConstant = size.bytes < BYTES_COUNT_FROM;
  const data = isConstant ? await startConstantServer(size.bytes, stack) : await startFileServer(path, stack);
  const server = route === "direct" ? data : await startRedirectServer(data, stack);
  const kind = isConstant ? "Bun.serve, constant buffer" : "Bun.file";
  const name = route === "direct" ? kind : `node:http redirect, ${kind}`;
  const ceiling = await bareContender(context, name, server, load);
  const references = route === "direct" ? await nginxReference(context, stack, root, size) : [];
  return { value, ceiling, references };
}

function getLoad(
  { options }: BenchContext,
  { bytes, connections, getsMax }: SizePlan,
  route: Route,
  targets: readonly string[],
): ObjectLoad {
  const groups = [getGroup(targets, bytes)];
  const seconds = getsMax > 0 ? UNLIMITED_S : options.seconds;
  return { groups, route, connections, requestsMax: getsMax, seconds, bytes };
}

/** Nothing where nginx is not installed. */
async function nginxReference(
  context: BenchContext,
  stack: AsyncDisposableStack,
  root: string,
  size: SizePlan,
): Promise<readonly Contender[]> {
  const program = nginxPath();
  if (program === null) return [];
  const nginx = stack.use(await startNginx(program, join(context.directory, `nginx-${size.name}`), root));
  const server: BareServer = { port: nginx.port, pids: [nginx.pid] };
  return [await bareContender(context, "nginx", server, getLoad(context, size, "direct", ["/file"]))];
}
