/** What tracing says about itself (tracing.md 6). */
import type { Tracing, TracingStats } from "@ais/tracing/types.ts";
import type { MergeRule } from "./dump.ts";
import type { MetricRegistry, MetricType } from "./registry.ts";

type Figure = readonly [
  suffix: string,
  help: string,
  type: MetricType,
  read: (stats: TracingStats) => number,
  merge?: MergeRule,
];

/** Of the collector's text. */
const ERROR_MAX_LENGTH = 200;

const FIGURES: readonly Figure[] = [
  ["enabled", "1 while spans are recorded", "gauge", (stats) => (stats.enabled ? 1 : 0), "max"],
  ["spans_started_count", "sampled spans started", "counter", (stats) => stats.spansStarted],
  ["spans_ended_count", "sampled spans ended", "counter", (stats) => stats.spansEnded],
  ["spans_queued", "spans that wait for export", "gauge", (stats) => stats.spansQueued],
  ["spans_exported_count", "spans that the collector took", "counter", (stats) => stats.spansExported],
  ["queue_bytes", "encoded spans that wait for export", "gauge", (stats) => stats.queueBytes],
  ["queue_capacity_bytes", "most encoded spans that may wait", "gauge", (stats) => stats.queueCapacityBytes],
  ["queue_capacity_spans", "most spans that may wait", "gauge", (stats) => stats.queueCapacitySpans],
  ["exports_count", "batches exported", "counter", (stats) => stats.exports],
  ["export_failures_count", "batches whose export failed", "counter", (stats) => stats.exportFailures],
  [
    "last_export_ms",
    "duration of the last export that the collector took, in milliseconds",
    "gauge",
    (stats) => stats.lastExportMs,
    "max",
  ],
  [
    "last_export_timestamp_seconds",
    "when the collector last took spans, 0 for never",
    "gauge",
    (stats) => (stats.lastExportTime === "" ? 0 : Date.parse(stats.lastExportTime) / 1000),
    "max",
  ],
  [
    "sampler_probability",
    "share of new traces that are sampled",
    "gauge",
    (stats) => stats.samplerProbability,
    "max",
  ],
  [
    "tail_limited_count",
    "requests that the tail rule left out because there were too many",
    "counter",
    (stats) => stats.tail.limited,
  ],
  [
    "tail_missed_count",
    "traces that another node wanted and this one had no more",
    "counter",
    (stats) => stats.tail.missed,
  ],
  [
    "tail_spans_left_out_count",
    "spans of requests that had too many for the flight recorder",
    "counter",
    (stats) => stats.tail.spansLeftOut,
  ],
  ["tail_ring_requests", "requests in the flight recorder", "gauge", (stats) => stats.tail.ringRequests],
  ["tail_ring_bytes", "use of the flight recorder", "gauge", (stats) => stats.tail.ringBytes],
  [
    "tail_ring_capacity_bytes",
    "most that the flight recorder keeps",
    "gauge",
    (stats) => stats.tail.ringCapacityBytes,
  ],
];

export function exposeTracing(registry: MetricRegistry, prefix: string, tracing: Tracing): void {
  for (const [suffix, help, type, read, merge] of FIGURES) {
    registry.read(`${prefix}_tracing_${suffix}`, help, type, () => read(tracing.stats()), {}, merge);
  }
  registry.collect(`${prefix}_tracing_spans_dropped_count`, "spans lost, by reason", "counter", () =>
    Object.entries(tracing.stats().spansDropped).map(([reason, count]) => [{ reason }, count] as const),
  );
  registry.collect(
    `${prefix}_tracing_tail_exports_count`,
    "requests exported by the tail rule, by reason",
    "counter",
    () =>
      Object.entries(tracing.stats().tail.exported).map(([reason, count]) => [{ reason }, count] as const),
  );
  registry.collect(
    `${prefix}_tracing_last_error_info`,
    "the last failure of an export, as a label",
    "gauge",
    () => {
      const { lastError } = tracing.stats();
      return lastError === "" ? [] : [[{ error: lastError.slice(0, ERROR_MAX_LENGTH) }, 1] as const];
    },
    "max",
  );
  registry.collect(`${prefix}_tracing_limit_hits_count`, "limits hit, by limit", "counter", () =>
    Object.entries(tracing.stats().limitsHit).map(([limit, count]) => [{ limit }, count] as const),
  );
}
