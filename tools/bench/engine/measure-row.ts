/** Interleaved rounds of one row: in each of them every contender is measured once, in an order that turns. */

import { peakMemoryMib, resetPeakMemory } from "../lib/peak-memory.ts";
import { progress } from "../lib/progress.ts";
import type { Contender, Contenders, RowPlan, Sample } from "./row.ts";
import { type RowResult, rowResult } from "./row-result.ts";

export async function measureRow(
  plan: RowPlan,
  { value, ceiling, references = [] }: Contenders,
  rounds: number,
): Promise<readonly RowResult[]> {
  const contenders = [value, ...(ceiling === null ? [] : [ceiling]), ...references];
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  // Round 0 warms up: code is compiled, buffers have grown, files are in the page cache.
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) for (const { pids } of contenders) for (const pid of pids) resetPeakMemory(pid);
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length];
      if (contender === undefined) continue;
      progress(`${plan.name} round ${round}/${rounds}: ${contender.name}`);
      const sample = await contender.measure();
      if (round > 0) samples.get(contender)?.push(sample);
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

/** Null for work that no process of its own does. */
function peakOf({ pids }: Contender): number | null {
  return pids.length === 0 ? null : pids.reduce((sum, pid) => sum + peakMemoryMib(pid), 0);
}
