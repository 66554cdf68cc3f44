/** The results for people. Pure. */
import type { RowResult } from "./row-result.ts";

const COLUMNS: readonly (readonly [title: string, width: number])[] = [
  ["row", 32],
  ["value", 10],
  [" unit", 12],
  ["ceiling", 9],
  ["ratio", 8],
  ["want", 9],
  ["", 5],
  ["CPU-s/GiB", 11],
  ["us/req", 9],
  ["ceiling", 9],
  ["p50 ms", 9],
  ["p99 ms", 9],
  ["p99.9 ms", 10],
  ["RSS MiB", 9],
];
/** Words are set from the left, numbers from the right. */
const LEFT: ReadonlySet<string> = new Set(["row", " unit", ""]);

export function tableHead(): string {
  return line(COLUMNS.map(([title]) => title));
}

export function tableRow(row: RowResult): string {
  const cells = [
    row.name,
    numberText(row.value),
    ` ${row.unit}`,
    numberText(row.ceiling),
    numberText(row.ratio),
    row.want ?? "",
    row.reached === undefined ? "" : row.reached ? " ok" : " MISS",
    numberText(row.cpu_s_per_gib),
    numberText(row.cpu_us_per_request),
    numberText(row.ceiling_cpu_us_per_request),
    numberText(row.p50_ms),
    numberText(row.p99_ms),
    numberText(row.p999_ms),
    numberText(row.peak_rss_mib),
  ];
  return `${line(cells)}${row.ceiling_name === undefined ? "" : `  to ${row.ceiling_name}`}`;
}

/** Three significant digits, and all of them before the point. */
export function numberText(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Number(value.toPrecision(3)).toString();
}

function line(cells: readonly string[]): string {
  return COLUMNS.map(([title, width], index) => {
    const cell = cells[index] ?? "";
    return LEFT.has(title) ? cell.padEnd(width) : cell.padStart(width);
  }).join("");
}
