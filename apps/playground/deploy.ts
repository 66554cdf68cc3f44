import { existsSync, readFileSync } from "node:fs";
import { errorText } from "@ais/base/errors.ts";
import { type NodeCounts, readCounts, readFirstPort, readWorkers } from "./counts.ts";
import { linkCli } from "./link-cli.ts";
import { FIRST_PORT, nodePlans } from "./plans.ts";
import { isTaken, type ProcessPlan, start, stopAll, waitReady } from "./processes.ts";
import { running, type StateFile } from "./state.ts";
import { table } from "./table.ts";
import { checkEndpoint, ensureCollector } from "./tracing-backend.ts";

/** For the advice. */
const OTHER_PORT = 9080;

type Environment = Readonly<Record<string, string | undefined>>;

/** `make deploy`: builds, starts every node and returns when all of them answer ready. */
export async function deploy(stateFile: StateFile, env: Environment, counts?: NodeCounts): Promise<void> {
  const wanted = counts ?? (await readCounts(env, process.stdin));
  const nodes = running(stateFile.read()).filter((started) => started.kind !== "aistrace");
  if (nodes.length > 0)
    throw new Error(`the playground already runs ${nodes.length} nodes; stop it first: make kill`);
  const firstPort = readFirstPort(env);
  const plans = nodePlans(wanted, stateFile.directory, { workers: readWorkers(env), firstPort });
  await checkPorts(plans);
  const endpoint = env["AIS_TRACING_ENDPOINT"] ?? "";
  if (endpoint !== "") checkEndpoint(endpoint);
  buildNode(endpoint === "" ? (env["TAGS"] ?? "") : withTracingTag(env["TAGS"] ?? ""));

  await stateFile.update({ processes: running(stateFile.read()), tracingEndpoint: endpoint });
  if (endpoint !== "") console.log(await ensureCollector(endpoint, stateFile));
  await startNodes(plans, stateFile);
  if (endpoint !== "") await pointTracingAt(endpoint, firstUrl(plans), env);
  await report(plans, stateFile, env);
}

async function checkPorts(plans: readonly ProcessPlan[]): Promise<void> {
  for (const { url } of plans) {
    const port = Number(new URL(url).port);
    if (!(await isTaken(port))) continue;
    throw new Error(
      `port ${port} is taken by another program (check whether AIStore already runs); PORT=${OTHER_PORT} takes other ports`,
    );
  }
}

function withTracingTag(tags: string): string {
  return tags.split(/[\s,]+/).includes("oteltracing") ? tags : `${tags} oteltracing`.trim();
}

function buildNode(tags: string): void {
  const build = Bun.spawnSync([process.execPath, "apps/aisnode/build.ts"], {
    env: { ...process.env, TAGS: tags },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (build.exitCode !== 0) throw new Error(`building aisnode failed with exit code ${build.exitCode}`);
}

/** The first proxy makes the cluster; the others find it. When one node fails, none is left running. */
async function startNodes(plans: readonly ProcessPlan[], stateFile: StateFile): Promise<void> {
  const [first, ...others] = plans;
  if (first === undefined) return;
  const started = [];
  try {
    const firstNode = await start(first, stateFile);
    started.push(firstNode);
    await waitReady(first, firstNode, stateFile.directory);
    const rest = [];
    for (const plan of others) {
      const node = await start(plan, stateFile);
      started.push(node);
      rest.push(waitReady(plan, node, stateFile.directory));
    }
    await Promise.all(rest);
  } catch (error) {
    await stopAll(started);
    await stateFile.update({ processes: running(stateFile.read()) });
    throw error;
  }
}

/** A cluster with data keeps its stored configuration, so the endpoint that was asked for now is set through the API. */
async function pointTracingAt(endpoint: string, proxyUrl: string, env: Environment): Promise<void> {
  const wanted: Record<string, string> = {
    "tracing.enabled": "true",
    "tracing.exporter_endpoint": endpoint,
    "tracing.skip_verify": "true",
    "tracing.service_name_prefix": env["AIS_TRACING_SERVICE_PREFIX"] || "aistore",
    "tracing.sampler_probability": env["AIS_TRACING_SAMPLING_PROBABILITY"] || "1.0",
    "tracing.exporter_auth.token_header": env["AIS_TRACING_AUTH_TOKEN_HEADER"] ?? "",
    "tracing.exporter_auth.token_file": env["AIS_TRACING_AUTH_TOKEN_FILE"] ?? "",
  };
  const url = `${proxyUrl}/v1/cluster/set-config?${new URLSearchParams(wanted)}`;
  const reply = await fetch(url, { method: "PUT" });
  if (!reply.ok) throw new Error(`cannot configure tracing: ${await reply.text()}`);
}

async function report(plans: readonly ProcessPlan[], stateFile: StateFile, env: Environment): Promise<void> {
  const cli = linkCli(env);
  if (cli.isNew && cli.path !== null)
    await stateFile.update({ cliLink: cli.path, cliLinkBefore: cli.before });
  console.log(
    table(
      ["NODE", "ROLE", "URL"],
      plans.map((plan) => [plan.folder, plan.kind, plan.url]),
    ),
  );
  console.log(`build: ${buildTags() || "plain, without tracing"}`);
  console.log(cli.path === null ? `command line: bin/ais (${cli.note})` : `command line: ais (${cli.path})`);
  console.log(`\nnext: ${endpointHint(firstUrl(plans), env)}ais bucket create ais://nnn`);
}

/** What leads `ais` to this cluster; empty where it goes there by itself. */
export function endpointHint(url: string, env: Environment): string {
  const goesTo = (env["AIS_ENDPOINT"] || `http://127.0.0.1:${FIRST_PORT}`).replace("localhost", "127.0.0.1");
  return goesTo.replace(/\/$/, "") === url ? "" : `export AIS_ENDPOINT=${url}; `;
}

function firstUrl(plans: readonly ProcessPlan[]): string {
  return plans[0]?.url ?? `http://127.0.0.1:${FIRST_PORT}`;
}

function buildTags(): string {
  const path = "dist/aisnode/build.json";
  if (!existsSync(path)) return "";
  try {
    return JSON.parse(readFileSync(path, "utf8")).tags.toString();
  } catch (error) {
    return `unknown (${errorText(error)})`;
  }
}
