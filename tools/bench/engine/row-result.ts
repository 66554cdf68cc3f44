/** From the samples of a row to its figures. Pure. */
import { median, medianRatio } from "../lib/statistics.ts";
import { isReached, SET_FIGURES, wantText } from "./figures.ts";
import { cpuSPerGib, figureOf, type Sample, type Unit } from "./row.ts";

/** One row, as the results file has it: what does not apply is left out. */
export interface RowResult {
  readonly name: string;
  readonly title: string;
  readonly value: number;
  readonly unit: Unit;
  readonly ceiling?: number;
  readonly ceiling_name?: string;
  /** Value to ceiling: the median of the ratios of each round. */
  readonly ratio?: number;
  readonly want?: string;
  readonly reached?: boolean;
  readonly p50_ms?: number;
  readonly p99_ms?: number;
  readonly p999_ms?: number;
  readonly cpu_s_per_gib?: number;
  readonly cpu_us_per_request?: number;
  /** Of the ceiling: beside the value's, it says how far apart they are even on a machine that others use as well. */
  readonly ceiling_cpu_us_per_request?: number;
  readonly peak_rss_mib?: number;
  readonly rounds: number;
}

export interface MeasuredRow {
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  /** One a round. */
  readonly samples: readonly Sample[];
  readonly ceiling: { readonly name: string; readonly samples: readonly Sample[] } | null;
  readonly peakRssMib: number | null;
}

const DIGITS = 4;

export function rowResult({ name, title, unit, samples, ceiling, peakRssMib }: MeasuredRow): RowResult {
  const figures = samples.map((sample) => figureOf(sample, unit));
  const ceilingFigures = ceiling?.samples.map((sample) => figureOf(sample, unit)) ?? null;
  const value = median(figures);
  const ratio = ceilingFigures === null ? null : medianRatio(figures, ceilingFigures);
  const set = SET_FIGURES[name];
  const reached = set === undefined ? null : isReached(set, { value, ratio });
  return {
    name,
    title,
    value: rounded(value),
    unit,
    ...(ceiling === null || ceilingFigures === null
      ? {}
      : { ceiling: rounded(median(ceilingFigures)), ceiling_name: ceiling.name }),
    ...(ratio === null ? {} : { ratio: rounded(ratio) }),
    ...(set === undefined ? {} : { want: wantText(set) }),
    ...(reached === null ? {} : { reached }),
    ...medianOf("p50_ms", samples, ({ latency }) => latency?.p50Ms ?? null),
    ...medianOf("p99_ms", samples, ({ latency }) => latency?.p99Ms ?? null),
    ...medianOf("p999_ms", samples, ({ latency }) => latency?.p999Ms ?? null),
    ...medianOf("cpu_s_per_gib", samples, cpuSPerGib),
    ...medianOf("cpu_us_per_request", samples, cpuUsPerRequest),
    ...medianOf("ceiling_cpu_us_per_request", ceiling?.samples ?? [], cpuUsPerRequest),
    ...(peakRssMib === null ? {} : { peak_rss_mib: rounded(peakRssMib) }),
    rounds: samples.length,
  };
}

function cpuUsPerRequest({ cpuUs, requests }: Sample): number | null {
  return cpuUs === 0 || requests === 0 ? null : cpuUs / requests;
}

function medianOf<K extends string>(
  key: K,
  samples: readonly Sample[],
  pick: (sample: Sample) => number | null,
): { readonly [P in K]?: number } {
  const values = samples.flatMap((sample) => pick(sample) ?? []);
  return (values.length === 0 ? {} : { [key]: rounded(median(values)) }) as { readonly [P in K]?: number };
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
