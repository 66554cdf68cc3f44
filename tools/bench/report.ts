import { CASE_PLANS, type CaseName } from "./cases.ts";
import { median, middleHalf } from "./lib/statistics.ts";
import type { Measured, Sample } from "./measure.ts";
import { BASE, CEILING, VARIANT_PLANS, VARIANTS } from "./variants.ts";

/** Of the daemon that is steered: what it does in one state is best compared with what it does in another. */
const STEERED_BASE = "disabled";
const STEERED: ReadonlySet<string> = new Set(
  VARIANTS.filter((name) => VARIANT_PLANS[name].probability !== undefined && name !== STEERED_BASE),
);
type Figure = keyof Sample;
type Rounds = Measured["rounds"];

export function caseTable(caseName: CaseName, { rounds, otherWorkShare }: Measured): string {
  const lines = [
    `${CASE_PLANS[caseName].title}, ${CASE_PLANS[caseName].connections} connections`,
    row("", "CPU us/request", "to plain", "middle half", "to disabled", "requests/s", "to plain"),
  ];
  for (const name of [...VARIANTS, CEILING]) {
    if (name !== BASE && !rounds.has(name)) continue;
    const toPlain = ratiosOf(rounds, name, "cpuUsPerRequest");
    lines.push(
      row(
        name,
        figureOf(rounds, name, "cpuUsPerRequest").toFixed(2),
        ...(name === BASE
          ? ["", ""]
          : [percentText(median(toPlain)), middleHalf(toPlain).map(percentText).join("..")]),
        STEERED.has(name) ? percentText(toDisabled(rounds, name)) : "",
        figureOf(rounds, name, "requestsPerS").toFixed(0),
        name === BASE ? "" : percentText(median(ratiosOf(rounds, name, "requestsPerS"))),
      ),
    );
  }
  lines.push(`  other programs took ${(otherWorkShare * 100).toFixed(0)} % of the machine meanwhile`);
  return lines.join("\n");
}

/** By variant, as the results file has them. */
export function caseFigures({
  rounds,
}: Measured): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const figures = (figure: Figure, digits: number): Record<string, number> =>
    Object.fromEntries(
      VARIANTS.map((name) => [name, Number(figureOf(rounds, name, figure).toFixed(digits))]),
    );
  return { cpu_us_per_request: figures("cpuUsPerRequest", 2), requests_per_s: figures("requestsPerS", 0) };
}

/** The base's median, times the median of the ratios to it: variants that are measured at different times can be compared. */
function figureOf(rounds: Rounds, name: string, figure: Figure): number {
  const base = median([...rounds.values()].flat().map((round) => round.base[figure]));
  return name === BASE ? base : base * median(ratiosOf(rounds, name, figure));
}

function ratiosOf(rounds: Rounds, name: string, figure: Figure): readonly number[] {
  return (rounds.get(name) ?? []).map(({ own, base }) => own[figure] / base[figure]);
}

/** Both states have been compared with the base, which ran beside each of them. */
function toDisabled(rounds: Rounds, name: string): number {
  const ratio = (state: string): number => median(ratiosOf(rounds, state, "cpuUsPerRequest"));
  return ratio(name) / ratio(STEERED_BASE);
}

function percentText(ratio: number): string {
  const percent = (ratio - 1) * 100;
  return `${percent < 0 ? "" : "+"}${percent.toFixed(1)} %`;
}

function row(name: string, ...cells: readonly string[]): string {
  return `  ${name.padEnd(10)}${cells.map((cell) => cell.padStart(18)).join("")}`;
}
