/** The metrics of one process as plain data, and how those of a node's processes become one. */
import type { MetricType } from "./registry.ts";

/** What the values of several processes make together: `first` is the main process's, where the others say the same. */
export type MergeRule = "sum" | "max" | "first";

export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly value: number;
  readonly timestampMs: number;
}

export interface FamilyDump {
  readonly name: string;
  readonly type: MetricType;
  readonly merge: MergeRule;
  /** By label text. */
  readonly samples: readonly (readonly [labels: string, value: number])[];
}

export interface HistogramDump {
  readonly name: string;
  readonly labels: string;
  readonly sum: number;
  /** By bucket, not cumulative. */
  readonly counts: readonly number[];
  readonly exemplars: readonly (Exemplar | null)[];
}

export interface MetricsDump {
  readonly families: readonly FamilyDump[];
  readonly histograms: readonly HistogramDump[];
  /** Under AIStore's internal names; what was never counted is not in it. */
  readonly tracker: Readonly<Record<string, number>>;
}

export const NO_METRICS: MetricsDump = { families: [], histograms: [], tracker: {} };

/** In the order of the first dump that has them. */
export function mergeDumps(dumps: readonly MetricsDump[]): MetricsDump {
  const families = new Map<string, FamilyDump & { readonly values: Map<string, number> }>();
  const histograms = new Map<string, HistogramDump>();
  const tracker: Record<string, number> = {};
  for (const dump of dumps) {
    for (const family of dump.families) {
      const known = families.get(family.name) ?? { ...family, values: new Map<string, number>() };
      families.set(family.name, known);
      for (const [labels, value] of family.samples)
        known.values.set(labels, merged(family.merge, known.values.get(labels), value));
    }
    for (const histogram of dump.histograms) {
      const place = `${histogram.name}{${histogram.labels}}`;
      const known = histograms.get(place);
      histograms.set(place, known === undefined ? histogram : added(known, histogram));
    }
    for (const [name, value] of Object.entries(dump.tracker)) tracker[name] = (tracker[name] ?? 0) + value;
  }
  return {
    families: [...families.values()].map(({ values, ...family }) => ({ ...family, samples: [...values] })),
    histograms: [...histograms.values()],
    tracker,
  };
}

/** What stays of a process that has ended: it counted, and has nothing any more. */
export function countersOf(dump: MetricsDump): MetricsDump {
  return { ...dump, families: dump.families.filter(({ type }) => type === "counter") };
}

function merged(rule: MergeRule, known: number | undefined, value: number): number {
  if (known === undefined) return value;
  switch (rule) {
    case "sum":
      return known + value;
    case "max":
      return Math.max(known, value);
    case "first":
      return known;
  }
}

function added(left: HistogramDump, right: HistogramDump): HistogramDump {
  return {
    ...left,
    sum: left.sum + right.sum,
    counts: left.counts.map((count, bucket) => count + (right.counts[bucket] ?? 0)),
    exemplars: left.exemplars.map((exemplar, bucket) => newer(exemplar, right.exemplars[bucket] ?? null)),
  };
}

function newer(left: Exemplar | null, right: Exemplar | null): Exemplar | null {
  if (left === null || right === null) return left ?? right;
  return left.timestampMs >= right.timestampMs ? left : right;
}
