/**
 * Variants one after the other, each in rounds of two short windows, one of the base and one of the variant: the machine's
 * speed drifts by more than what is looked for, and within a round it hardly does.
 */
import { sleep } from "@ais/base/lifecycle.ts";
import { CASE_PLANS, type CaseName } from "./cases.ts";
import type { BenchProcess } from "./lib/bench-process.ts";
import { compilerTimeUs, cpuTimeUs } from "./lib/cpu-time.ts";
import type { LoadPlan, LoadResult } from "./lib/load-protocol.ts";
import { OtherWork } from "./other-work.ts";

export interface Contender {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly targets: readonly string[];
  /** Brings it into the state that is measured. */
  readonly steer?: () => Promise<void>;
}

export interface Sample {
  readonly cpuUsPerRequest: number;
  readonly requestsPerS: number;
}

/** The windows of a round, in alternating order. */
export interface Round {
  readonly base: Sample;
  readonly own: Sample;
}

export interface Measured {
  /** By contender; the base has none, it is in all of them. */
  readonly rounds: ReadonlyMap<string, readonly Round[]>;
  /** All requests by contender, warm-up included. */
  readonly requests: ReadonlyMap<string, number>;
  /** Of the whole machine, 0 to 1. */
  readonly otherWorkShare: number;
}

export interface MeasureOptions {
  /** Of each contender. */
  readonly rounds: number;
  /** Of a window. */
  readonly seconds: number;
  /** At most, for each contender. */
  readonly warmupSeconds: number;
  readonly load: BenchProcess;
  /** Processes that take part without being measured. */
  readonly helperPids: readonly number[];
  readonly progress: (text: string) => void;
}

/** The last batch of spans is exported within this; every variant is charged what it uses until then. */
const SETTLE_MS = 250;
const WARMUP_CHUNK_S = 2;
/** In a row, in which the runtime compiles next to nothing. */
const QUIET_CHUNKS = 5;
/** Of a load that ends early: what it leaves on the disk stays there for a minute. */
const WARMUP_CHUNKS_OF_BOUNDED = 4;
/** Of the CPU time, that of the compilers. */
const COMPILED_SHARE = 0.003;

export async function measureCase(
  caseName: CaseName,
  base: Contender,
  contenders: readonly Contender[],
  options: MeasureOptions,
): Promise<Measured> {
  const { warmupSeconds, load, helperPids, progress } = options;
  const all = [base, ...contenders];
  const otherWork = new OtherWork([...helperPids, ...new Set(all.map(({ pid }) => pid))]);
  const rounds = new Map<string, Round[]>();
  const requests = new Map<string, number>(all.map(({ name }) => [name, 0]));
  const measure: Measure = async (contender, seconds) => {
    const { sample, count } = await measureOnce(caseName, contender, seconds, load);
    requests.set(contender.name, (requests.get(contender.name) ?? 0) + count);
    return sample;
  };
  for (const contender of all) {
    progress(`${caseName} warming up ${contender.name}`);
    await contender.steer?.();
    await warmUp(caseName, contender, warmupSeconds, measure);
    if (contender !== base)
      rounds.set(contender.name, await measureRounds(base, contender, measure, options));
  }
  return { rounds, requests, otherWorkShare: otherWork.share() };
}

/** Puts a load on a contender for so long. */
type Measure = (contender: Contender, seconds: number) => Promise<Sample>;

async function measureRounds(
  base: Contender,
  contender: Contender,
  measure: Measure,
  { rounds, seconds, progress }: MeasureOptions,
): Promise<Round[]> {
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    progress(`${contender.name} round ${round}/${rounds}`);
    const isBaseFirst = round % 2 === 0;
    const first = await measure(isBaseFirst ? base : contender, seconds);
    const second = await measure(isBaseFirst ? contender : base, seconds);
    measured.push(isBaseFirst ? { base: first, own: second } : { base: second, own: first });
  }
  return measured;
}

/** Measurements of the same contenders as one. */
export function together(all: readonly Measured[]): Measured {
  const rounds = new Map<string, Round[]>();
  const requests = new Map<string, number>();
  for (const measured of all) {
    for (const [name, some] of measured.rounds) rounds.set(name, [...(rounds.get(name) ?? []), ...some]);
    for (const [name, count] of measured.requests) requests.set(name, (requests.get(name) ?? 0) + count);
  }
  const otherWorkShare = all.reduce((sum, measured) => sum + measured.otherWorkShare, 0) / all.length;
  return { rounds, requests, otherWorkShare };
}

/**
 * Until the runtime has compiled what this load needs: the code of the export worker, and what one request of a hundred runs,
 * take tens of seconds to get there.
 */
async function warmUp(
  caseName: CaseName,
  contender: Contender,
  warmupSeconds: number,
  measure: Measure,
): Promise<void> {
  const { requestsMax } = CASE_PLANS[caseName];
  const chunks = requestsMax > 0 ? WARMUP_CHUNKS_OF_BOUNDED : Math.ceil(warmupSeconds / WARMUP_CHUNK_S);
  let quietChunks = 0;
  for (let chunk = 0; chunk < chunks && quietChunks < QUIET_CHUNKS; chunk++) {
    const compilerBefore = compilerTimeUs(contender.pid);
    const before = cpuTimeUs(contender.pid);
    await measure(contender, WARMUP_CHUNK_S);
    const compilerUs = compilerTimeUs(contender.pid) - compilerBefore;
    const isQuiet = compilerUs < (cpuTimeUs(contender.pid) - before) * COMPILED_SHARE;
    quietChunks = isQuiet ? quietChunks + 1 : 0;
  }
}

async function measureOnce(
  caseName: CaseName,
  { name, pid, port, targets }: Contender,
  seconds: number,
  load: BenchProcess,
): Promise<{ readonly sample: Sample; readonly count: number }> {
  const { method, objectBytes, connections, requestsMax } = CASE_PLANS[caseName];
  const plan: LoadPlan = {
    port,
    groups: [
      {
        method,
        targets,
        requestBodyBytes: method === "PUT" ? objectBytes : 0,
        replyBodyBytes: method === "GET" ? objectBytes : 0,
        replyStatus: 200,
      },
    ],
    connections,
    seconds,
    requestsMax,
  };
  const before = cpuTimeUs(pid);
  const result = (await load.ask(plan)) as LoadResult;
  if (result.kind === "failed") throw new Error(`load on ${name} failed: ${result.error}`);
  await sleep(SETTLE_MS);
  const cpuUs = cpuTimeUs(pid) - before;
  return {
    sample: { cpuUsPerRequest: cpuUs / result.requests, requestsPerS: result.requests / result.seconds },
    count: result.requests,
  };
}
