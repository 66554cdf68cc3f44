/**
 * Counters, gauges and histograms with their two text forms. Counters keep AIStore's names in both: OpenMetrics would
 * demand a `_total` suffix of a counter, which breaks existing dashboards, so it gets them as type `unknown`.
 */
import type { Span } from "@ais/tracing/types.ts";
import { type Exemplar, type HistogramDump, type MergeRule, type MetricsDump, mergeDumps } from "./dump.ts";

export type MetricType = "counter" | "gauge";
export type Labels = Readonly<Record<string, string>>;

export type Sample = readonly [labels: Labels, value: number];

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly merge: MergeRule;
  readonly collectors: (() => Iterable<Sample>)[];
}

export class Counter {
  value = 0;

  add(amount: number): void {
    this.value += amount;
  }
}

/** An exemplar stays for this long: a new one for every request would cost as much as the rest of the observation. */
const EXEMPLAR_MIN_AGE_MS = 1000;

/** Cumulative when exposed; an observation touches one bucket. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #counts: number[];
  readonly #exemplars: (Exemplar | undefined)[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = Array<number>(bounds.length + 1).fill(0);
    this.#exemplars = Array<Exemplar | undefined>(bounds.length + 1).fill(undefined);
  }

  get isEmpty(): boolean {
    return this.#counts.every((count) => count === 0);
  }

  /** `span` may become the exemplar of its bucket when it is sampled. */
  observe(value: number, span: Pick<Span, "sampled" | "context">): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
    if (span.sampled) this.#exemplify(bucket, value, span);
  }

  #exemplify(bucket: number, value: number, span: Pick<Span, "context">): void {
    const timestampMs = Date.now();
    const present = this.#exemplars[bucket];
    if (present !== undefined && Math.abs(timestampMs - present.timestampMs) < EXEMPLAR_MIN_AGE_MS) return;
    const { traceId, spanId } = span.context;
    this.#exemplars[bucket] = { traceId, spanId, value, timestampMs };
  }

  dump(): Pick<HistogramDump, "sum" | "counts" | "exemplars"> {
    const exemplars = this.#exemplars.map((exemplar) => exemplar ?? null);
    return { sum: this.#sum, counts: [...this.#counts], exemplars };
  }
}

interface HistogramFamily {
  readonly name: string;
  readonly help: string;
  readonly bounds: readonly number[];
  readonly children: { readonly labels: string; readonly histogram: Histogram }[];
}

const OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

export class MetricRegistry {
  readonly #constant: Labels;
  readonly #families = new Map<string, Family>();
  readonly #histograms = new Map<string, HistogramFamily>();

  /** `constant` labels go with every sample. */
  constructor(constant: Labels) {
    this.#constant = constant;
  }

  counter(name: string, help: string, labels: Labels = {}): Counter {
    const counter = new Counter();
    this.read(name, help, "counter", () => counter.value, labels);
    return counter;
  }

  /** A value that is asked for at each scrape. */
  read(
    name: string,
    help: string,
    type: MetricType,
    read: () => number,
    labels: Labels = {},
    merge: MergeRule = "sum",
  ): void {
    this.collect(name, help, type, () => [[labels, read()]], merge);
  }

  /** Samples whose labels are known at the scrape only. */
  collect(
    name: string,
    help: string,
    type: MetricType,
    collector: () => Iterable<Sample>,
    merge: MergeRule = "sum",
  ): void {
    const family = this.#families.get(name) ?? { name, help, type, merge, collectors: [] };
    family.collectors.push(collector);
    this.#families.set(name, family);
  }

  histogram(name: string, help: string, bounds: readonly number[], labels: Labels): Histogram {
    let family = this.#histograms.get(name);
    if (family === undefined) {
      family = { name, help, bounds, children: [] };
      this.#histograms.set(name, family);
    }
    const histogram = new Histogram(bounds);
    family.children.push({ labels: this.#labelText(labels), histogram });
    return histogram;
  }

  /** Operations that this process never served are left out: they would be most of it. */
  dump(): Omit<MetricsDump, "tracker"> {
    const families = [...this.#families.values()].map(({ name, type, merge, collectors }) => {
      const samples = collectors.flatMap((collect) =>
        [...collect()].map(([labels, value]) => [this.#labelText(labels), value] as const),
      );
      return { name, type, merge, samples };
    });
    const histograms = [...this.#histograms.values()].flatMap(({ name, children }) =>
      children.flatMap(({ labels, histogram }) =>
        histogram.isEmpty ? [] : { name, labels, ...histogram.dump() },
      ),
    );
    return { families, histograms };
  }

  /** `accept` is the scraper's header, `others` are the other processes of the node. */
  expose(
    accept: string | null,
    others: readonly MetricsDump[] = [],
  ): { readonly contentType: string; readonly body: string } {
    const open = accept?.includes("application/openmetrics-text") ?? false;
    const { families, histograms } = mergeDumps([{ ...this.dump(), tracker: {} }, ...others]);
    const samplesOf = new Map(families.map(({ name, samples }) => [name, samples]));
    let body = "";
    for (const { name, help, type } of this.#families.values()) {
      body += `# HELP ${name} ${help}\n# TYPE ${name} ${open && type === "counter" ? "unknown" : type}\n`;
      for (const [labels, value] of samplesOf.get(name) ?? []) body += `${name}{${labels}} ${value}\n`;
    }
    for (const { name, help, bounds } of this.#histograms.values()) {
      body += `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
      for (const histogram of histograms)
        if (histogram.name === name) body += histogramText(histogram, bounds, open);
    }
    return open ? { contentType: OPENMETRICS, body: `${body}# EOF\n` } : { contentType: PROMETHEUS, body };
  }

  #labelText(labels: Labels): string {
    return Object.entries({ ...this.#constant, ...labels })
      .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
      .join(",");
  }
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function histogramText(histogram: HistogramDump, bounds: readonly number[], withExemplars: boolean): string {
  const { name, labels, counts, exemplars, sum } = histogram;
  let text = "";
  let cumulative = 0;
  for (const [bucket, count] of counts.entries()) {
    cumulative += count;
    const bound = bounds[bucket];
    const exemplar = withExemplars ? exemplarText(exemplars[bucket] ?? null) : "";
    text += `${name}_bucket{${labels},le="${bound === undefined ? "+Inf" : bound}"} ${cumulative}${exemplar}\n`;
  }
  return `${text}${name}_sum{${labels}} ${sum}\n${name}_count{${labels}} ${cumulative}\n`;
}

function exemplarText(exemplar: Exemplar | null): string {
  if (exemplar === null) return "";
  const { traceId, spanId, value, timestampMs } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${value} ${timestampMs / 1000}`;
}
