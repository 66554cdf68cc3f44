/** What tracing says about itself (tracing.md 6). */
import type { Tracing, TracingStats } from "@ais/tracing/types.ts";
import type { MetricRegistry, MetricType } from "./registry.ts";

type Figure = readonly [
  suffix: string,
  help: string,
  type: MetricType,
  read: (stats: TracingStats) => number,
];

const FIGURES: readonly Figure[] = [
  ["enabled", "1 while spans are recorded", "gauge", (stats) => (stats.enabled ? 1 : 0)],
  ["spans_started_count", "sampled spans started", "counter", (stats) => stats.spansStarted],
  ["spans_ended_count", "sampled spans ended", "counter", (stats) => stats.spansEnded],
  ["spans_queued", "spans that wait for export", "gauge", (stats) => stats.spansQueued],
  ["spans_exported_count", "spans that the collector took", "counter", (stats) => stats.spansExported],
  ["queue_bytes", "encoded spans that wait for export", "gauge", (stats) => stats.queueBytes],
  ["queue_capacity_bytes", "most encoded spans that may wait", "gauge", (stats) => stats.queueCapacityBytes],
  ["exports_count", "batches exported", "counter", (stats) => stats.exports],
  ["export_failures_count", "batches whose export failed", "counter", (stats) => stats.exportFailures],
  ["last_export_ms", "duration of the last export in milliseconds", "gauge", (stats) => stats.lastExportMs],
];

export function exposeTracing(registry: MetricRegistry, prefix: string, tracing: Tracing): void {
  for (const [suffix, help, type, read] of FIGURES) {
    registry.read(`${prefix}_tracing_${suffix}`, help, type, () => read(tracing.stats()));
  }
  registry.collect(`${prefix}_tracing_spans_dropped_count`, "spans lost, by reason", "counter", () =>
    Object.entries(tracing.stats().spansDropped).map(([reason, count]) => [{ reason }, count] as const),
  );
  registry.collect(`${prefix}_tracing_limit_hits_count`, "limits hit, by limit", "counter", () =>
    Object.entries(tracing.stats().limitsHit).map(([limit, count]) => [{ limit }, count] as const),
  );
}
