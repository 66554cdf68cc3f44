/**
 * `make bench-tracing`: what tracing costs, straight at a target, in one run. Options: `--rounds=7`, `--seconds=2`,
 * `--warmup=30` (seconds at most, for each variant), `--only=get_4k,put_4k`.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sleep } from "@ais/base/lifecycle.ts";
import { startCluster } from "./bench-cluster.ts";
import { CASE_PLANS, CASES, type CaseName } from "./cases.ts";
import { BenchProcess } from "./lib/bench-process.ts";
import { OTHER_CORE, SERVER_CORE } from "./lib/cores.ts";
import { machineText } from "./lib/machine.ts";
import { progress } from "./lib/progress.ts";
import { type Contender, type Measured, measureCase } from "./measure.ts";
import { caseFigures, caseTable } from "./report.ts";
import { CEILING, VARIANTS } from "./variants.ts";

const RESULTS = resolve(import.meta.dir, "../../bench-results/tracing.json");
/** The exporters have this long to send what is left. */
const DRAIN_MS = 5_000;

interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly cases: readonly CaseName[];
}

function parseOptions(): BenchOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "7" },
      seconds: { type: "string", default: "2" },
      warmup: { type: "string", default: "30" },
      only: { type: "string", default: CASES.join(",") },
    },
  });
  const cases = CASES.filter((name) => values.only.split(",").includes(name));
  if (cases.length === 0) throw new Error(`--only knows ${CASES.join(", ")}`);
  const { rounds, seconds, warmup } = values;
  return { rounds: Number(rounds), seconds: Number(seconds), warmupSeconds: Number(warmup), cases };
}

function script(name: string): string[] {
  return [process.execPath, join(import.meta.dir, name)];
}

async function main(): Promise<void> {
  const options = parseOptions();
  const directory = mkdtempSync(join(tmpdir(), "ais-bench-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const load = stack.use(await BenchProcess.start({ command: script("lib/load-main.ts"), core: OTHER_CORE }));
  const sinkCommand = [...script("sink-main.ts"), String(VARIANTS.length)];
  const sink = stack.use(await BenchProcess.start({ command: sinkCommand, core: OTHER_CORE }));
  const cluster = await startCluster(directory, sink.ready.split(","), stack);
  const machine = machineText();
  console.log(`${machine}\nserver on core ${SERVER_CORE}, load and collector on core ${OTHER_CORE}`);
  console.log("the collector is a sink: it acknowledges and counts, nothing is stored");
  console.log(`medians of ${options.rounds} interleaved rounds of ${options.seconds} s a variant\n`);
  const helperPids = [process.pid, load.pid, sink.pid];
  const results: Record<string, unknown> = {};
  for (const caseName of options.cases) {
    const contenders: Contender[] = [];
    for (const name of VARIANTS) {
      const { process: server, port } = cluster.targets[name];
      contenders.push({ name, pid: server.pid, port, targets: await cluster.targetsOf(caseName, name) });
    }
    await using ceiling = await startCeiling(caseName);
    if (ceiling !== null) contenders.push(ceiling.contender);
    const countsBefore = await drainedCounts(sink);
    const measured = await measureCase(caseName, contenders, { ...options, load, helperPids, progress });
    progress("");
    console.log(caseTable(caseName, measured));
    console.log(`${spanCheck(measured, countsBefore, await drainedCounts(sink))}\n`);
    results[caseName] = caseFigures(measured);
  }
  if (options.cases.length < CASES.length) return;
  mkdirSync(resolve(RESULTS, ".."), { recursive: true });
  const document = { ...results, machine, date: new Date().toISOString() };
  await Bun.write(RESULTS, `${JSON.stringify(document, null, 2)}\n`);
  console.log(`written to ${RESULTS}`);
}

interface Ceiling extends AsyncDisposable {
  readonly contender: Contender;
}

/** Only GET has one: what the target does beyond it is ours. */
async function startCeiling(caseName: CaseName): Promise<Ceiling | null> {
  const { method, objectBytes } = CASE_PLANS[caseName];
  if (method !== "GET") return null;
  const command = [...script("lib/constant-server-main.ts"), String(objectBytes)];
  const server = await BenchProcess.start({ command, core: SERVER_CORE });
  return {
    contender: { name: CEILING, pid: server.pid, port: Number(server.ready), targets: ["/"] },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Spans received by variant, when no more come. */
async function drainedCounts(sink: BenchProcess): Promise<readonly number[]> {
  let counts = (await sink.ask("count")) as readonly number[];
  for (const deadline = performance.now() + DRAIN_MS; performance.now() < deadline; ) {
    await sleep(1_200);
    const next = (await sink.ask("count")) as readonly number[];
    if (next.every((count, index) => count === counts[index])) return next;
    counts = next;
  }
  return counts;
}

/**
 * Every span must have reached the collector, or the price was not paid in full. All requests of a case make the same
 * spans; a few more are of work in the background, such as the removal of what was overwritten.
 */
function spanCheck({ requests }: Measured, before: readonly number[], after: readonly number[]): string {
  const texts = VARIANTS.flatMap((name, index) => {
    const received = (after[index] ?? 0) - (before[index] ?? 0);
    if (name !== "p100" && name !== "sdk_p100") return received === 0 ? [] : [`${name} ${received}`];
    return [`${name} ${received}, ${receivedText(received, requests.get(name) ?? 0)}`];
  });
  return `  spans received: ${texts.join("; ")}`;
}

function receivedText(received: number, requests: number): string {
  const each = Math.round(received / requests);
  const others = received - each * requests;
  const whole = `${each} for each of ${requests} requests`;
  if (each === 0 || others < 0) return `NOT ALL: ${-others} are missing of ${whole}`;
  return others === 0 ? whole : `${whole}, and ${others} of work in the background`;
}

await main();
process.exit(0);
