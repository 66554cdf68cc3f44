import type { LimitName } from "@ais/base/limits.ts";
import type { Span } from "@ais/tracing/types.ts";
import type { Operation } from "@ais/wire/operations.ts";
import type { MergeRule, MetricsDump } from "./dump.ts";
import type { MetricKind } from "./names.ts";
import type { MetricType, Sample } from "./registry.ts";

/** A figure that is a tracker's besides the counters. */
export interface TrackedGauge {
  /** AIStore's internal name. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly value: number;
}

/** Counters of a node under AIStore's internal names, such as `get.n` (wire-compat 11). */
export interface NodeMetrics {
  /** One finished request. Feeds the counters, the latency histogram (with the span as exemplar) and the error counters. */
  request(operation: Operation, status: number, durationNs: number, span: Span): void;
  /** Adds to a counter or size by its internal name. */
  add(internalName: string, amount: number): void;
  /** A request met this limit. */
  limitHit(limit: LimitName): void;
  /** Everything that this process counts, of now but for what `refresh` reads. */
  dump(): MetricsDump;
  /** Internal name to kind: `what=metrics`. */
  kinds(): Readonly<Record<string, string>>;
  /** Sets the counters of the tracker to zero, or only those of errors. */
  reset(onlyErrors: boolean): void;
  /** Adds a metric of the role's own under `ais_<role>_<suffix>`, with samples taken at each scrape. */
  collect(
    suffix: string,
    help: string,
    type: MetricType,
    collector: () => Iterable<Sample>,
    merge?: MergeRule,
  ): void;
  /** The same under `ais_node_<suffix>`, whatever the role. */
  collectOfNode(suffix: string, help: string, type: MetricType, collector: () => Iterable<Sample>): void;
  /** Figures whose names are known when they are asked for only; they go to the tracker and to `kinds`. */
  track(gauges: () => Iterable<TrackedGauge>): void;
  /** `look` runs before each scrape, for collectors of what cannot be read at once. It must be short. */
  beforeReading(look: () => Promise<void>): void;
  /** Runs every `look`. `expose` does so by itself, `dump` and `kinds` tell what the last one saw. */
  refresh(): Promise<void>;
  /** Prometheus text, or OpenMetrics (with exemplars) when the scraper accepts it; `others` are the node's other processes. */
  expose(
    accept: string | null,
    others?: readonly MetricsDump[],
  ): Promise<{ readonly contentType: string; readonly body: string }>;
}
