import { CASE_PLANS, type CaseName } from "./cases.ts";
import { median, medianRatio } from "./lib/statistics.ts";
import type { Measured, Sample } from "./measure.ts";
import { CEILING, VARIANT_PLANS, VARIANTS } from "./variants.ts";

const BASE = "plain";
/** Of the daemon that is steered: what it does in one state is best compared with what it does in another. */
const STEERED_BASE = "disabled";
const STEERED: ReadonlySet<string> = new Set(
  VARIANTS.filter((name) => VARIANT_PLANS[name].probability !== undefined && name !== STEERED_BASE),
);
type Figure = keyof Sample;

export function caseTable(caseName: CaseName, { samples, otherWorkShare }: Measured): string {
  const lines = [
    `${CASE_PLANS[caseName].title}, ${CASE_PLANS[caseName].connections} connections`,
    row("", "CPU us/request", "min..max", "to plain", "to disabled", "requests/s", "min..max", "to plain"),
  ];
  for (const name of [...VARIANTS, CEILING]) {
    if (!samples.has(name)) continue;
    const cpu = valuesOf(samples, name, "cpuUsPerRequest");
    const rate = valuesOf(samples, name, "requestsPerS");
    lines.push(
      row(
        name,
        median(cpu).toFixed(2),
        `${Math.min(...cpu).toFixed(1)}..${Math.max(...cpu).toFixed(1)}`,
        ratioText(cpu, valuesOf(samples, BASE, "cpuUsPerRequest")),
        STEERED.has(name) ? ratioText(cpu, valuesOf(samples, STEERED_BASE, "cpuUsPerRequest")) : "",
        median(rate).toFixed(0),
        `${Math.min(...rate).toFixed(0)}..${Math.max(...rate).toFixed(0)}`,
        ratioText(rate, valuesOf(samples, BASE, "requestsPerS")),
      ),
    );
  }
  lines.push(`  other programs took ${(otherWorkShare * 100).toFixed(0)} % of the machine meanwhile`);
  return lines.join("\n");
}

/** Medians by variant, as the results file has them. */
export function caseFigures({
  samples,
}: Measured): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const medians = (figure: Figure, digits: number): Record<string, number> =>
    Object.fromEntries(
      VARIANTS.map((name) => [name, Number(median(valuesOf(samples, name, figure)).toFixed(digits))]),
    );
  return { cpu_us_per_request: medians("cpuUsPerRequest", 2), requests_per_s: medians("requestsPerS", 0) };
}

function valuesOf(samples: Measured["samples"], name: string, figure: Figure): readonly number[] {
  return (samples.get(name) ?? []).map((sample) => sample[figure]);
}

function ratioText(values: readonly number[], base: readonly number[]): string {
  const percent = (medianRatio(values, base) - 1) * 100;
  return `${percent < 0 ? "" : "+"}${percent.toFixed(1)} %`;
}

function row(name: string, ...cells: readonly string[]): string {
  return `  ${name.padEnd(10)}${cells.map((cell) => cell.padStart(15)).join("")}`;
}
