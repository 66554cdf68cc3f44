/** Contenders of the kinds that rows are made of. */
import { sleep } from "@ais/base/lifecycle.ts";
import type { BenchProcess } from "../lib/bench-process.ts";
import { cpuTimeUs } from "../lib/cpu-time.ts";
import type { LoadPlan, LoadResult } from "../lib/load-protocol.ts";
import type { FileWork, FileWorkResult } from "./ceilings/file-work.ts";
import type { Contender, Sample } from "./row.ts";

/** What a server still does for a request after its reply is counted as well. */
const SETTLE_MS = 50;

/** Servers under a load. `objectBytes` is what each request moves. */
export function loadContender(
  name: string,
  pids: readonly number[],
  load: BenchProcess,
  plan: LoadPlan,
  objectBytes: number,
): Contender {
  return {
    name,
    pids,
    async measure() {
      const { result, cpuUs } = await withCpu(pids, () => runLoad(load, plan, name));
      const { requests, seconds, latency } = result;
      return { requests, seconds, cpuUs, bytes: requests * objectBytes, latency };
    },
  };
}

/** The CPU time includes what is done within a moment after the work. */
export async function withCpu<T>(
  pids: readonly number[],
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly cpuUs: number }> {
  const total = (): number => pids.reduce((sum, pid) => sum + cpuTimeUs(pid), 0);
  const beforeUs = total();
  const result = await act();
  await sleep(SETTLE_MS);
  return { result, cpuUs: total() - beforeUs };
}

export async function runLoad(
  load: BenchProcess,
  plan: LoadPlan,
  name: string,
): Promise<Extract<LoadResult, { kind: "done" }>> {
  const result = (await load.ask(plan)) as LoadResult;
  if (result.kind === "failed") throw new Error(`load on ${name} failed: ${result.error}`);
  return result;
}

export function fileContender(name: string, worker: BenchProcess, work: FileWork): Contender {
  return { name, pids: [worker.pid], measure: () => runFileWork(worker, work) };
}

export async function runFileWork(worker: BenchProcess, work: FileWork): Promise<Sample> {
  const { result, cpuUs } = await withCpu(
    [worker.pid],
    async () => (await worker.ask(work)) as FileWorkResult,
  );
  if (result.error !== null) throw new Error(`file work failed: ${result.error}`);
  const { objects, seconds, p50Ms, p99Ms, p999Ms } = result;
  const bytes = "bytes" in work ? objects * work.bytes : 0;
  return { requests: objects, seconds, cpuUs, bytes, latency: { p50Ms, p99Ms, p999Ms } };
}

/** Contenders one after the other, for work that is the sum of theirs. The requests are those of the first. */
export function sumContender(name: string, parts: readonly Contender[]): Contender {
  return {
    name,
    pids: parts.flatMap(({ pids }) => pids),
    async measure() {
      const samples: Sample[] = [];
      for (const part of parts) samples.push(await part.measure());
      const [first] = samples;
      if (first === undefined) throw new Error(`${name} has no parts`);
      const sum = (pick: (sample: Sample) => number): number =>
        samples.reduce((total, sample) => total + pick(sample), 0);
      return {
        ...first,
        seconds: sum(({ seconds }) => seconds),
        cpuUs: sum(({ cpuUs }) => cpuUs),
        latency: null,
      };
    },
  };
}
