/** Interleaved rounds of one row: in each of them every contender is measured once, in an order that turns. */

import { peakMemoryMib, resetPeakMemory } from "../lib/peak-memory.ts";
import { progress } from "../lib/progress.ts";
import type { Contender, Contenders, RowPlan, Sample } from "./row.ts";
import { type RowResult, rowResult } from "./row-result.ts";

const WARM_UP_REQUESTS = 20_000;
const WARM_UP_MAX_MS = 2_000;

export async function measureRow(
  plan: RowPlan,
  { value, ceiling, references = [] }: Contenders,
  rounds: number,
): Promise<readonly RowResult[]> {
  const contenders = [value, ...(ceiling === null ? [] : [ceiling]), ...references];
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) for (const { pids } of contenders) for (const pid of pids) resetPeakMemory(pid);
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length];
      if (contender === undefined) continue;
      progress(`${plan.name} round ${round}/${rounds}: ${contender.name}`);
      if (round === 0) await warmUp(contender);
      else samples.get(contender)?.push(await contender.measure());
    }
  }
  progress("");
  const { unit } = plan;
  const ceilingOf = ceiling === null ? null : { name: ceiling.name, samples: samples.get(ceiling) ?? [] };
  const resultOf = (contender: Contender, name: string, title: string): RowResult =>
    rowResult({
      name,
      title,
      unit,
      samples: samples.get(contender) ?? [],
      ceiling: contender === ceiling ? null : ceilingOf,
      peakRssMib: peakOf(contender),
    });
  return [
    resultOf(value, plan.name, plan.title),
    ...references.map((reference) =>
      resultOf(
        reference,
        `${reference.name.replaceAll(/[^a-z0-9]+/gi, "_").toLowerCase()}_for_${plan.name}`,
        `${plan.title}, ${reference.name}`,
      ),
    ),
  ];
}

/** Until code is compiled, buffers have grown and files are in the page cache; a busy machine takes longer for that. */
async function warmUp(contender: Contender): Promise<void> {
  const endMs = performance.now() + WARM_UP_MAX_MS;
  for (let requests = 0; requests < WARM_UP_REQUESTS && performance.now() < endMs; ) {
    requests += (await contender.measure()).requests;
  }
}

/** Null for work that no process of its own does. */
function peakOf({ pids }: Contender): number | null {
  return pids.length === 0 ? null : pids.reduce((sum, pid) => sum + peakMemoryMib(pid), 0);
}
