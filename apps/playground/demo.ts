import { must } from "@ais/base/assert.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { deploy } from "./deploy.ts";
import { QUERY_PORT } from "./plans.ts";
import { running, type StateFile } from "./state.ts";

const DEFAULT_ENDPOINT = "localhost:4317";
const DEMO_COUNTS = { targets: 3, proxies: 1 };
const TRACE_WAIT_MS = 20_000;
const QUERY = `http://localhost:${QUERY_PORT}`;

interface Step {
  readonly args: readonly string[];
  /** Span name of the proxy's request that this command is about. */
  readonly spanName: string;
}

/** `make demo`: the whole way from nothing to three traces on the screen. The cluster stays up. */
export async function demo(
  stateFile: StateFile,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const endpoint = env["AIS_TRACING_ENDPOINT"] || DEFAULT_ENDPOINT;
  const cluster = await ensureTracedCluster(stateFile, { ...env, AIS_TRACING_ENDPOINT: endpoint });
  const bucket = await chooseBucket(stateFile, cluster);
  const steps: readonly Step[] = [
    { args: ["bucket", "create", bucket], spanName: "POST /v1/buckets/{bucket}" },
    { args: ["put", "README.md", bucket], spanName: "PUT /v1/objects/{bucket}/{object}" },
    { args: ["get", `${bucket}/README.md`, "/dev/null"], spanName: "GET /v1/objects/{bucket}/{object}" },
  ];
  const traces: string[] = [];
  for (const step of steps) {
    const startedUs = Date.now() * 1000;
    console.log(`\n$ ais ${step.args.join(" ")}`);
    ais(cluster, step.args);
    traces.push(await findTrace(step.spanName, startedUs, env["AIS_TRACING_SERVICE_PREFIX"] || "aistore"));
  }
  for (const id of traces) {
    console.log("");
    ais(cluster, ["trace", "show", id]);
  }
  console.log(`\nView traces at: ${QUERY}`);
  console.log("The cluster stays up; stop it and remove its data with: make kill clean");
}

/** The URL of its first proxy. */
async function ensureTracedCluster(
  stateFile: StateFile,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const state = stateFile.read();
  const nodes = running(state).filter((started) => started.kind !== "aistrace");
  const proxyUrl = (): string =>
    must(running(stateFile.read()).find(({ kind }) => kind === "proxy")?.url, "no proxy runs");
  if (nodes.length === 0) {
    await deploy(stateFile, env, DEMO_COUNTS);
    return proxyUrl();
  }
  if (state.tracingEndpoint === "") {
    throw new Error("the playground runs without tracing; stop it first: make kill");
  }
  console.log(`playground: ${nodes.length} nodes already run with tracing to ${state.tracingEndpoint}`);
  return proxyUrl();
}

/** `ais://nnn` as in the documentation; the demo removes only a bucket that it made itself. */
async function chooseBucket(stateFile: StateFile, cluster: string): Promise<string> {
  const { demoBuckets } = stateFile.read();
  for (let i = 1; ; i++) {
    const name = i === 1 ? "nnn" : `nnn-${i}`;
    const bucket = `ais://${name}`;
    const exists = (await fetch(`${cluster}/v1/buckets/${name}`, { method: "HEAD" })).ok;
    if (exists && !demoBuckets.includes(bucket)) continue;
    if (exists) ais(cluster, ["bucket", "rm", bucket, "--yes"]);
    else await stateFile.update({ demoBuckets: [...demoBuckets, bucket] });
    return bucket;
  }
}

function ais(cluster: string, args: readonly string[]): void {
  const env = { ...process.env, AIS_ENDPOINT: cluster, AIS_TRACE_ENDPOINT: QUERY };
  const { exitCode } = Bun.spawnSync(["bin/ais", ...args], { env, stdio: ["ignore", "inherit", "inherit"] });
  if (exitCode !== 0) throw new Error(`ais ${args.join(" ")} failed with exit code ${exitCode}`);
}

/** The trace of the newest such request, once its spans of both daemons have arrived. */
async function findTrace(spanName: string, startUs: number, prefix: string): Promise<string> {
  const query = new URLSearchParams({
    service: `${prefix}-proxy`,
    operation: spanName,
    start: String(startUs),
    end: String((Date.now() + TRACE_WAIT_MS) * 1000),
    limit: "5",
  });
  const deadline = Date.now() + TRACE_WAIT_MS;
  while (Date.now() < deadline) {
    const reply = await fetch(`${QUERY}/api/traces?${query}`).catch(() => null);
    const found = reply?.ok ? ((await reply.json()) as { data: readonly JaegerTrace[] }).data : [];
    const complete = found.find((trace) => serviceNames(trace).has(`${prefix}-target`));
    if (complete !== undefined) return complete.traceID;
    await sleep(200);
  }
  throw new Error(
    `no trace of "${spanName}" with spans of proxy and target arrived at ${QUERY} in ${TRACE_WAIT_MS} ms`,
  );
}

interface JaegerTrace {
  readonly traceID: string;
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

function serviceNames(trace: JaegerTrace): ReadonlySet<string> {
  return new Set(Object.values(trace.processes).map((entry) => entry.serviceName));
}
