/** Listing of a large bucket over three targets. */
import { join } from "node:path";
import { BenchProcess } from "../../lib/bench-process.ts";
import { OTHER_CORE } from "../../lib/cores.ts";
import { quantile } from "../../lib/statistics.ts";
import { type BenchContext, script } from "../bench-context.ts";
import { withCpu } from "../contenders.ts";
import { EngineCluster } from "../engine-cluster.ts";
import { fillBucket } from "../fill-bucket.ts";
import type { ListResult, ListWork } from "../list-work.ts";
import { objectsText } from "../options.ts";
import type { Contender, Contenders, RowPlan } from "../row.ts";

const TARGETS = 3;
const BUCKET = "bench-list";
const PAGE_OBJECTS = 1_000;
const PAGES_PER_MEASUREMENT = 20;
/** Characters that the loader's names begin with. */
const NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** The cluster, full, and the process that lists it. Shared by the rows of a run. */
interface ListBench {
  readonly cluster: EngineCluster;
  readonly lister: BenchProcess;
  /** From the first object to the last. */
  readonly tokens: readonly string[];
}

export function listRows(objects: number): readonly RowPlan[] {
  const count = objectsText(objects);
  const bench = (context: BenchContext): Promise<ListBench> =>
    context.shared("list", (stack) => startListBench(context, stack));
  const common = { unit: "ms", roundsMax: 3 } as const;
  return [
    {
      name: `list_${count}`,
      title: `all pages of ${count} objects on three targets`,
      unit: "s",
      roundsMax: 3,
      prepare: async (context) => ({ value: listAll(await bench(context), objects), ceiling: null }),
    },
    {
      ...common,
      name: `list_page_prefix_${count}`,
      title: `one page of ${PAGE_OBJECTS} at a random prefix, of ${count} objects`,
      prepare: async (context) => ({ value: prefixPages(await bench(context), objects), ceiling: null }),
    },
    {
      ...common,
      name: `list_page_late_${count}`,
      title: `one page of ${PAGE_OBJECTS} near the end of ${count} objects, to one near the start`,
      prepare: async (context) => lateAndEarly(await bench(context)),
    },
  ];
}

async function startListBench(context: BenchContext, stack: AsyncDisposableStack): Promise<ListBench> {
  const { objects, profile } = context.options;
  const node = await context.node();
  const plan = { node, directory: join(context.directory, "three"), targetCount: TARGETS, profile };
  const cluster = await EngineCluster.start(plan, stack);
  await cluster.createBucket(BUCKET, "os");
  await fillBucket(cluster.proxy.ready, BUCKET, objects);
  const lister = stack.use(await BenchProcess.start({ command: script("list-main.ts"), core: OTHER_CORE }));
  const { tokens } = await list(lister, { kind: "all", endpoint: cluster.proxy.ready, bucket: BUCKET });
  return { cluster, lister, tokens };
}

function listAll({ cluster, lister }: ListBench, objects: number): Contender {
  return listContender("aisnode", cluster, async () => {
    const found = await list(lister, { kind: "all", endpoint: cluster.proxy.ready, bucket: BUCKET });
    if (found.entries !== objects) throw new Error(`listed ${found.entries} objects of ${objects}`);
    return found;
  });
}

/** Prefixes are as long as it takes for about a page of objects to have each. */
function prefixPages({ cluster, lister }: ListBench, objects: number): Contender {
  const characters = Math.max(
    1,
    Math.floor(Math.log(objects / PAGE_OBJECTS) / Math.log(NAME_CHARACTERS.length)),
  );
  const prefix = (): string =>
    Array.from({ length: characters }, () => {
      return NAME_CHARACTERS[Math.floor(Math.random() * NAME_CHARACTERS.length)];
    }).join("");
  return listContender("aisnode", cluster, () => {
    const starts = Array.from({ length: PAGES_PER_MEASUREMENT }, () => ({ prefix: prefix(), after: "" }));
    return pages(cluster, lister, starts);
  });
}

function lateAndEarly({ cluster, lister, tokens }: ListBench): Contenders {
  const at = (share: number): string => tokens[Math.floor(tokens.length * share)] ?? "";
  const contender = (name: string, after: string): Contender =>
    listContender(name, cluster, () =>
      pages(
        cluster,
        lister,
        Array.from({ length: PAGES_PER_MEASUREMENT }, () => ({ prefix: "", after })),
      ),
    );
  return { value: contender("late page", at(0.95)), ceiling: contender("early page", at(0)) };
}

function pages(
  cluster: EngineCluster,
  lister: BenchProcess,
  starts: readonly { readonly prefix: string; readonly after: string }[],
): Promise<ListResult> {
  const endpoint = cluster.proxy.ready;
  return list(lister, { kind: "pages", endpoint, bucket: BUCKET, pageSize: PAGE_OBJECTS, starts });
}

function listContender(name: string, cluster: EngineCluster, act: () => Promise<ListResult>): Contender {
  return {
    name,
    pids: cluster.pids,
    async measure() {
      const { result, cpuUs } = await withCpu(cluster.pids, act);
      const sorted = Float64Array.from(result.pageMs).sort();
      const latency = {
        p50Ms: quantile(sorted, 0.5),
        p99Ms: quantile(sorted, 0.99),
        p999Ms: quantile(sorted, 0.999),
      };
      return { requests: result.pageMs.length, seconds: result.seconds, cpuUs, bytes: 0, latency };
    },
  };
}

async function list(lister: BenchProcess, work: ListWork): Promise<ListResult> {
  const result = (await lister.ask(work)) as ListResult;
  if (result.error !== null) throw new Error(`listing failed: ${result.error}`);
  return result;
}
