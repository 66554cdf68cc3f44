/** Interleaved rounds: each of them measures every variant for a moment, beginning with another one each time. */
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

export interface Measured {
  /** One sample a round, by contender. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** All requests by contender, warm-up included. */
  readonly requests: ReadonlyMap<string, number>;
  /** Of the whole machine, 0 to 1. */
  readonly otherWorkShare: number;
}

export interface MeasureOptions {
  readonly rounds: number;
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
/** What a change of its state makes the runtime compile anew is compiled by then. */
const STEERED_S = 2;
/** Of a load that ends early: what it leaves on the disk stays there for a minute. */
const WARMUP_CHUNKS_OF_BOUNDED = 4;
/** Of the CPU time, that of the compilers. */
const COMPILED_SHARE = 0.003;

export async function measureCase(
  caseName: CaseName,
  contenders: readonly Contender[],
  { rounds, seconds, warmupSeconds, load, helperPids, progress }: MeasureOptions,
): Promise<Measured> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  const requests = new Map<string, number>(contenders.map(({ name }) => [name, 0]));
  const otherWork = new OtherWork([...helperPids, ...new Set(contenders.map(({ pid }) => pid))]);
  for (const contender of contenders) {
    progress(`${caseName} warming up ${contender.name}`);
    await contender.steer?.();
    requests.set(contender.name, await warmUp(caseName, contender, warmupSeconds, load));
  }
  for (let round = 1; round <= rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length];
      if (contender === undefined) continue;
      progress(`${caseName} round ${round}/${rounds} ${contender.name}`);
      const settled = await steered(caseName, contender, load);
      const { sample, count } = await measureOnce(caseName, contender, seconds, load);
      requests.set(contender.name, (requests.get(contender.name) ?? 0) + settled + count);
      samples.get(contender.name)?.push(sample);
    }
  }
  return { samples, requests, otherWorkShare: otherWork.share() };
}

/** Measurements of the same contenders as one. */
export function together(all: readonly Measured[]): Measured {
  const samples = new Map<string, Sample[]>();
  const requests = new Map<string, number>();
  for (const measured of all) {
    for (const [name, some] of measured.samples) samples.set(name, [...(samples.get(name) ?? []), ...some]);
    for (const [name, count] of measured.requests) requests.set(name, (requests.get(name) ?? 0) + count);
  }
  const otherWorkShare = all.reduce((sum, measured) => sum + measured.otherWorkShare, 0) / all.length;
  return { samples, requests, otherWorkShare };
}

/**
 * Until the runtime has compiled what this load needs: the code of the export worker, and what one request of a hundred runs,
 * take tens of seconds to get there. Resolves with the number of requests.
 */
async function warmUp(
  caseName: CaseName,
  contender: Contender,
  warmupSeconds: number,
  load: BenchProcess,
): Promise<number> {
  const { requestsMax } = CASE_PLANS[caseName];
  const chunks = requestsMax > 0 ? WARMUP_CHUNKS_OF_BOUNDED : Math.ceil(warmupSeconds / WARMUP_CHUNK_S);
  let requests = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const before = compilerTimeUs(contender.pid);
    const { sample, count } = await measureOnce(caseName, contender, WARMUP_CHUNK_S, load);
    requests += count;
    const compilerUs = compilerTimeUs(contender.pid) - before;
    if (chunk > 0 && compilerUs < sample.cpuUsPerRequest * count * COMPILED_SHARE) break;
  }
  return requests;
}

/** Brings a contender that is steered into its state, under load. Resolves with the number of requests. */
async function steered(caseName: CaseName, contender: Contender, load: BenchProcess): Promise<number> {
  if (contender.steer === undefined) return 0;
  await contender.steer();
  return (await measureOnce(caseName, contender, STEERED_S, load)).count;
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
