/** One cluster of real daemons: a proxy, and a target for each variant. */
import { join, resolve } from "node:path";
import { CASE_PLANS, type CaseName } from "./cases.ts";
import { BenchProcess } from "./lib/bench-process.ts";
import { OTHER_CORE, SERVER_CORE } from "./lib/cores.ts";
import { VARIANT_PLANS, VARIANTS, type Variant } from "./variants.ts";

const BUCKET = "bench";
/** Objects of one case on one target. */
const OBJECTS = 32;
const MAIN = resolve(import.meta.dir, "../../apps/aisnode/main.ts");
const SDK_MAIN = join(import.meta.dir, "sdk-node-main.ts");

export interface BenchTarget {
  readonly process: BenchProcess;
  readonly port: number;
}

export interface BenchCluster {
  readonly targets: Readonly<Record<Variant, BenchTarget>>;
  /** Request targets of objects that are this variant's, with the query that a redirect carries. The objects exist. */
  targetsOf(caseName: CaseName, variant: Variant): Promise<readonly string[]>;
}

/** `sinkPorts` are where the variants export to, in their order. */
export async function startCluster(
  directory: string,
  sinkPorts: readonly string[],
  stack: AsyncDisposableStack,
): Promise<BenchCluster> {
  const proxy = stack.use(await startNode(directory, "proxy", "proxy", [MAIN], [], {}, OTHER_CORE));
  const targets = {} as Record<Variant, BenchTarget>;
  for (const [index, variant] of VARIANTS.entries()) {
    const node = stack.use(await startTarget(directory, variant, `127.0.0.1:${sinkPorts[index]}`));
    targets[variant] = { process: node, port: Number(new URL(node.ready).port) };
  }
  await createBucket(proxy.ready);
  return {
    targets,
    targetsOf: (caseName, variant) => prepareObjects(proxy.ready, caseName, targets[variant]),
  };
}

async function startTarget(directory: string, variant: Variant, endpoint: string): Promise<BenchProcess> {
  const { tracing, probability, sdk } = VARIANT_PLANS[variant];
  const program = sdk ? [SDK_MAIN] : tracing ? ["--conditions=oteltracing", MAIN] : [MAIN];
  const args = [`--mountpath=${join(directory, variant, "mountpath")}`];
  if (probability !== null) {
    args.push(`--tracing-endpoint=http://${endpoint}`, `--tracing-sampling-probability=${probability}`);
  }
  const env: Record<string, string> = sdk ? { BENCH_SDK_ENDPOINT: `http://${endpoint}` } : {};
  return startNode(directory, variant, "target", program, args, env, SERVER_CORE);
}

function startNode(
  directory: string,
  name: string,
  role: "proxy" | "target",
  program: readonly string[],
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  core: number,
): Promise<BenchProcess> {
  const home = join(directory, name);
  const common = [
    `--role=${role}`,
    "--port=0",
    `--daemon-id=bench-${name.replaceAll("_", "-")}`,
    `--config-dir=${join(home, "config")}`,
    `--log-dir=${join(home, "log")}`,
    `--coordinator=sqlite:${join(directory, "cluster.db")}`,
  ];
  return BenchProcess.start({ command: [process.execPath, ...program, ...common, ...args], core, env });
}

async function createBucket(proxyUrl: string): Promise<void> {
  const reply = await fetch(`${proxyUrl}/v1/buckets/${BUCKET}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ action: "create-bck" }),
  });
  if (!reply.ok) throw new Error(`failed to create the bucket: ${await reply.text()}`);
}

/** Asks the proxy for names until enough of them belong to the target: elsewhere they would be traced as misplaced. */
async function prepareObjects(
  proxyUrl: string,
  caseName: CaseName,
  { port }: BenchTarget,
): Promise<readonly string[]> {
  const { objectBytes } = CASE_PLANS[caseName];
  const body = crypto.getRandomValues(Buffer.alloc(Math.min(objectBytes, 65_536)));
  const found: string[] = [];
  for (let number = 0; found.length < OBJECTS; number++) {
    const url = `${proxyUrl}/v1/objects/${BUCKET}/${caseName}/object-${number}`;
    const redirect = await fetch(url, { redirect: "manual" });
    await redirect.arrayBuffer();
    const location = redirect.headers.get("location") ?? "";
    const origin = `http://127.0.0.1:${port}`;
    if (!location.startsWith(`${origin}/`)) continue;
    const put = await fetch(location, { method: "PUT", body: Buffer.alloc(objectBytes, body) });
    if (!put.ok) throw new Error(`failed to put: ${await put.text()}`);
    found.push(location.slice(origin.length));
  }
  return found;
}
