/**
 * Nodes of two processes beside nodes of one. All servers are pinned to one core, so these rows cannot show what more cores
 * bring: a ratio of 1 says that two processes lose nothing.
 */
import { type BenchContext, OS_BUCKET } from "../bench-context.ts";
import type { EngineCluster } from "../engine-cluster.ts";
import type { Contender, Contenders, RowPlan } from "../row.ts";
import { sizeNamed } from "../sizes.ts";
import { contenderOf, getGroup, objectNames, putGroup, requestTargets, storeObjects } from "./object-load.ts";

const SIZE = sizeNamed("4k");

export function workerRows(): readonly RowPlan[] {
  return [row("get"), row("put")];
}

function row(what: "get" | "put"): RowPlan {
  return {
    name: `workers_${what}_4k`,
    title: `${what.toUpperCase()} 4 KiB straight at a target of two processes, beside one of one process`,
    unit: what === "get" ? "requests/s" : "objects/s",
    async prepare(context): Promise<Contenders> {
      return {
        value: await contender("two processes", await context.twoProcessCluster(), context, what),
        ceiling: await contender("one process", await context.smallCluster(), context, what),
      };
    },
  };
}

async function contender(
  name: string,
  cluster: EngineCluster,
  context: BenchContext,
  what: "get" | "put",
): Promise<Contender> {
  const isGet = what === "get";
  const names = objectNames(`workers-${what}`, isGet ? SIZE.readObjects : SIZE.writtenObjects);
  if (isGet) await storeObjects(context, OS_BUCKET, names, SIZE, cluster);
  const targets = await requestTargets(cluster, OS_BUCKET, names, "direct");
  return contenderOf(name, cluster, context, {
    groups: [isGet ? getGroup(targets, SIZE.bytes) : putGroup(targets, SIZE.bytes)],
    route: "direct",
    connections: isGet ? SIZE.connections : SIZE.writers,
    requestsMax: 0,
    seconds: context.options.seconds,
    bytes: SIZE.bytes,
  });
}
