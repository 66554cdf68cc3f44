/** PUT of every size, with both durability policies, straight at the target and through the proxy. */
import { join } from "node:path";
import { type BenchContext, FSYNC_BUCKET, OS_BUCKET } from "../bench-context.ts";
import { startReceiveServer, startRedirectServer } from "../ceilings/servers.ts";
import { fileContender, sumContender } from "../contenders.ts";
import type { Policy } from "../engine-cluster.ts";
import type { Contender, Contenders, RowPlan } from "../row.ts";
import { SIZES, type SizePlan } from "../sizes.ts";
import {
  bareContender,
  clusterContender,
  type ObjectLoad,
  objectNames,
  putGroup,
  type Route,
  requestTargets,
  UNLIMITED_S,
} from "./object-load.ts";

/** Up to it objects count, above it bytes. */
const OBJECTS_COUNT_TO = 64 * 1024;
const LARGE_ROUNDS_MAX = 3;

export function putRows(): readonly RowPlan[] {
  return SIZES.flatMap((size) => [
    putRow(size, "os", "direct"),
    putRow(size, "fsync", "direct"),
    putRow(size, "os", "proxy"),
  ]);
}

function putRow(size: SizePlan, policy: Policy, route: Route): RowPlan {
  const where = route === "direct" ? "straight at the target" : "through the proxy";
  const isLarge = size.bytes > OBJECTS_COUNT_TO;
  return {
    name: putName(size, policy, route),
    title: `PUT ${size.title}, policy ${policy}, ${where}, ${size.writers} connections`,
    unit: isLarge ? "CPU-s/GiB" : "objects/s",
    ...(isLarge ? { roundsMax: LARGE_ROUNDS_MAX } : {}),
    prepare: (context, stack) => preparePut(context, stack, size, policy, route),
  };
}

function putName({ name }: SizePlan, policy: Policy, route: Route): string {
  if (route === "proxy") return `put_${name}_proxy`;
  return name === "1g" && policy === "os" ? "put_1g" : `put_${name}_${policy}`;
}

async function preparePut(
  context: BenchContext,
  stack: AsyncDisposableStack,
  size: SizePlan,
  policy: Policy,
  route: Route,
): Promise<Contenders> {
  const cluster = await context.smallCluster();
  const bucket = policy === "os" ? OS_BUCKET : FSYNC_BUCKET;
  const names = objectNames(`put-${size.name}-${route}`, size.writtenObjects);
  const targets = await requestTargets(cluster, bucket, names, route);
  const { isQuick, seconds } = context.options;
  const isLarge = size.bytes > OBJECTS_COUNT_TO;
  const load: ObjectLoad = {
    groups: [putGroup(targets, size.bytes)],
    route,
    connections: size.writers,
    requestsMax: isQuick ? Math.ceil(size.putsMax / 2) : size.putsMax,
    seconds: isLarge ? UNLIMITED_S : seconds,
    bytes: size.bytes,
  };
  const value = await clusterContender(context, load);
  const files = isLarge
    ? await wholeFiles(context, size, policy, load)
    : await filePerObject(context, size, policy, load);
  if (!isLarge && route === "direct") {
    const references = policy === "os" ? [await blockingFiles(context, size)] : [];
    return { value, ceiling: files, references };
  }
  const receive = await startReceiveServer(stack);
  if (route === "direct") {
    const received = await bareContender(context, "receive and hash", receive, load);
    return { value, ceiling: sumContender("receive and hash, then raw file write", [received, files]) };
  }
  const server = await startRedirectServer(receive, stack);
  const received = await bareContender(context, "node:http redirect, receive and hash", server, load);
  return {
    value,
    ceiling: isLarge
      ? sumContender("node:http redirect, receive and hash, then raw file write", [received, files])
      : received,
  };
}

/** What storing small objects costs when each is a file of its own. */
async function filePerObject(
  context: BenchContext,
  { bytes, writers, name, writtenObjects }: SizePlan,
  policy: Policy,
  { requestsMax, seconds }: ObjectLoad,
): Promise<Contender> {
  const sync = policy === "fsync";
  return fileContender(
    `a file per object: create, write, ${sync ? "fsync, " : ""}rename`,
    await context.fileWorker(),
    {
      kind: "put",
      directory: join(context.directory, `files-${name}-${policy}`),
      objects: requestsMax > 0 ? requestsMax : Number.MAX_SAFE_INTEGER,
      names: writtenObjects,
      bytes,
      inFlight: writers,
      sync,
      seconds,
    },
  );
}

/** The cheapest way to do the same, which a server cannot use: it answers nothing else meanwhile. */
async function blockingFiles(
  context: BenchContext,
  { bytes, name, writtenObjects }: SizePlan,
): Promise<Contender> {
  return fileContender("blocking files", await context.fileWorker(), {
    kind: "put-blocking",
    directory: join(context.directory, `files-blocking-${name}`),
    names: writtenObjects,
    bytes,
    seconds: context.options.seconds,
  });
}

async function wholeFiles(
  context: BenchContext,
  { bytes, name }: SizePlan,
  policy: Policy,
  { requestsMax }: ObjectLoad,
): Promise<Contender> {
  return fileContender("raw file write", await context.fileWorker(), {
    kind: "write",
    directory: join(context.directory, `whole-${name}`),
    files: requestsMax,
    bytes,
    sync: policy === "fsync",
  });
}
