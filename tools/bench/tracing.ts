/**
 * `make bench-tracing`: what tracing costs, straight at a target, in one run. Options: `--rounds=24` (of each variant, with a
 * window of plain and one of the variant), `--seconds=0.5` (a window), `--warmup=60` (seconds at most, for each variant),
 * `--only=get_4k,put_4k`, `--generations=1`: so often every daemon is started anew, with all the rounds. What a runtime makes of
 * one and the same program differs by some per cent from start to start: smaller differences need several.
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
import { type Contender, type Measured, measureCase, together } from "./measure.ts";
import { caseFigures, caseTable } from "./report.ts";
import { Steering } from "./steering.ts";
import { BASE, CEILING, VARIANT_PLANS, VARIANTS, type Variant } from "./variants.ts";

const RESULTS = resolve(import.meta.dir, "../../bench-results/tracing.json");
/** The exporters have this long to send what is left. */
const DRAIN_MS = 5_000;

interface BenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly generations: number;
  readonly cases: readonly CaseName[];
}

function parseOptions(): BenchOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "24" },
      seconds: { type: "string", default: "0.5" },
      warmup: { type: "string", default: "60" },
      generations: { type: "string", default: "1" },
      only: { type: "string", default: CASES.join(",") },
    },
  });
  const cases = CASES.filter((name) => values.only.split(",").includes(name));
  if (cases.length === 0) throw new Error(`--only knows ${CASES.join(", ")}`);
  const { rounds, seconds, warmup, generations } = values;
  return {
    rounds: Number(rounds),
    seconds: Number(seconds),
    warmupSeconds: Number(warmup),
    generations: Number(generations),
    cases,
  };
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
  const sinkCommand = [...script("sink-main.ts"), "2"];
  const sink = stack.use(await BenchProcess.start({ command: sinkCommand, core: OTHER_CORE }));
  const machine = machineText();
  const { rounds, seconds, generations } = options;
  console.log(`${machine}\nserver on core ${SERVER_CORE}, load and collector on core ${OTHER_CORE}`);
  console.log("the collector is a sink: it acknowledges and counts, nothing is stored");
  console.log("disabled, p0, p1 and p100 are one daemon, whose tracing is steered while it runs");
  console.log(
    `medians of ${generations} times ${rounds} rounds, each ${seconds} s of plain and of the variant\n`,
  );
  const results: Record<string, unknown> = {};
  for (const caseName of options.cases) {
    const generations: Generation[] = [];
    for (let number = 1; number <= options.generations; number++) {
      const home = join(directory, `${caseName}-${number}`);
      generations.push(await measureGeneration(caseName, home, { load, sink }, options));
    }
    const measured = together(generations.map((generation) => generation.measured));
    progress("");
    console.log(caseTable(caseName, measured));
    console.log(`${spanCheck(measured, generations)}\n`);
    results[caseName] = caseFigures(measured);
  }
  if (options.cases.length < CASES.length) return;
  mkdirSync(resolve(RESULTS, ".."), { recursive: true });
  const document = { ...results, machine, date: new Date().toISOString() };
  await Bun.write(RESULTS, `${JSON.stringify(document, null, 2)}\n`);
  console.log(`written to ${RESULTS}`);
}

interface Parties {
  readonly load: BenchProcess;
  readonly sink: BenchProcess;
}

interface Generation {
  readonly measured: Measured;
  /** Spans that the collector received. */
  readonly spans: ReadonlyMap<Variant, number>;
}

/** All variants, started for this, with a cluster of their own in `directory`. */
async function measureGeneration(
  caseName: CaseName,
  directory: string,
  { load, sink }: Parties,
  options: BenchOptions,
): Promise<Generation> {
  await using stack = new AsyncDisposableStack();
  mkdirSync(directory);
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const [steeredPort, sdkPort] = sink.ready.split(",");
  const cluster = await startCluster(directory, `127.0.0.1:${sdkPort}`, stack);
  const steering = await Steering.begin({
    proxyUrl: cluster.proxyUrl,
    targetUrl: cluster.targets.oteltracing.process.ready,
    endpoint: `127.0.0.1:${steeredPort}`,
    countReceived: async () => (await counts(sink))[0],
  });
  const [, sdkBefore] = await counts(sink);
  const contender = async (name: Variant): Promise<Contender> => {
    const { build, probability } = VARIANT_PLANS[name];
    const { process: server, port } = cluster.targets[build];
    const targets = await cluster.targetsOf(caseName, build);
    const steer = probability === undefined ? {} : { steer: () => steering.to(name) };
    return { name, pid: server.pid, port, targets, ...steer };
  };
  const base = await contender(BASE);
  const contenders: Contender[] = [];
  for (const name of VARIANTS) if (name !== BASE) contenders.push(await contender(name));
  await using ceiling = await startCeiling(caseName);
  if (ceiling !== null) contenders.push(ceiling.contender);
  const helperPids = [process.pid, load.pid, sink.pid];
  const measured = await measureCase(caseName, base, contenders, { ...options, load, helperPids, progress });
  const steered = await steering.received();
  const [, sdkAfter] = await drainedCounts(sink);
  return { measured, spans: new Map([...steered, ["sdk_p100", sdkAfter - sdkBefore]]) };
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

type Counts = readonly [steered: number, sdk: number];

/** Spans received so far. */
async function counts(sink: BenchProcess): Promise<Counts> {
  return (await sink.ask("count")) as Counts;
}

/** The same when no more come. */
async function drainedCounts(sink: BenchProcess): Promise<Counts> {
  let last = await counts(sink);
  for (const deadline = performance.now() + DRAIN_MS; performance.now() < deadline; ) {
    await sleep(1_200);
    const next = await counts(sink);
    if (next.every((count, index) => count === last[index])) return next;
    last = next;
  }
  return last;
}

/**
 * Every span must have reached the collector, or the price was not paid in full. All requests of a case make the same
 * spans; a few more are of work in the background, such as the removal of what was overwritten.
 */
function spanCheck({ requests }: Measured, generations: readonly Generation[]): string {
  const texts = VARIANTS.flatMap((name) => {
    const received = generations.reduce((sum, { spans }) => sum + (spans.get(name) ?? 0), 0);
    if (!VARIANT_PLANS[name].isTraced) return received === 0 ? [] : [`${name} ${received}`];
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
