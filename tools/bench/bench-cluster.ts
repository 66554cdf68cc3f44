/** One cluster of real daemons: a proxy, and a target of each build. */
import { join, resolve } from "node:path";
import { CASE_PLANS, type CaseName } from "./cases.ts";
import { BenchProcess } from "./lib/bench-process.ts";
import { OTHER_CORE, SERVER_CORE } from "./lib/cores.ts";
import { BUILDS, type Build } from "./variants.ts";

const BUCKET = "bench";
/** Objects of one case on one target. */
const OBJECTS = 32;
const MAIN = resolve(import.meta.dir, "../../apps/aisnode/main.ts");
const PROGRAMS: Readonly<Record<Build, readonly string[]>> = {
  plain: [MAIN],
  oteltracing: ["--conditions=oteltracing", MAIN],
  sdk: [join(import.meta.dir, "sdk-node-main.ts")],
};

export interface BenchTarget {
  readonly process: BenchProcess;
  readonly port: number;
}

export interface BenchCluster {
  readonly proxyUrl: string;
  readonly targets: Readonly<Record<Build, BenchTarget>>;
  /** Request targets of objects that are this build's, with the query that a redirect carries. The objects exist. */
  targetsOf(caseName: CaseName, build: Build): Promise<readonly string[]>;
}

/** `sdkEndpoint`: `host:port` of the collector of the one build that cannot be steered. */
export async function startCluster(
  directory: string,
  sdkEndpoint: string,
  stack: AsyncDisposableStack,
): Promise<BenchCluster> {
  const proxy = stack.use(await startNode(directory, "proxy", "proxy", [MAIN], [], {}, OTHER_CORE));
  const env = { BENCH_SDK_ENDPOINT: `http://${sdkEndpoint}` };
  const targets = {} as Record<Build, BenchTarget>;
  for (const build of BUILDS) {
    const args = [`--mountpath=${join(directory, build, "mountpath")}`];
    const node = stack.use(
      await startNode(directory, build, "target", PROGRAMS[build], args, env, SERVER_CORE),
    );
    targets[build] = { process: node, port: Number(new URL(node.ready).port) };
  }
  await createBucket(proxy.ready);
  return {
    proxyUrl: proxy.ready,
    targets,
    targetsOf: (caseName, build) => prepareObjects(proxy.ready, caseName, targets[build]),
  };
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
    `--daemon-id=bench-${name}`,
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
