/** What the storage engine counts about itself, in Prometheus. */
import type { MetricType } from "@ais/node/metrics/registry.ts";
import type { NodeMetrics } from "@ais/node/metrics/types.ts";
import type { ObjectStore, ObjectStoreStats } from "@ais/storage/types.ts";

type Figure = readonly [
  suffix: string,
  help: string,
  type: MetricType,
  read: (stats: ObjectStoreStats) => number,
];

const FIGURES: readonly Figure[] = [
  [
    "unchanged_put_count",
    "PUTs that found the same content in place",
    "counter",
    (stats) => stats.unchangedPuts,
  ],
  ["index_commit_count", "transactions of the object index", "counter", (stats) => stats.commitBatches],
  [
    "index_commit_operations_count",
    "operations that transactions of the index carried",
    "counter",
    (stats) => stats.commitOperations,
  ],
  ["index_flush_count", "flushes of the object index", "counter", (stats) => stats.indexFlushes],
  [
    "index_flush_failures_count",
    "flushes of the object index that failed",
    "counter",
    (stats) => stats.indexFlushFailures,
  ],
  ["open_writes", "object files being received", "gauge", (stats) => stats.openWrites],
  ["receive_buffer_bytes", "memory of bodies being received", "gauge", (stats) => stats.receiveBufferBytes],
  ["open_readers", "object files being sent", "gauge", (stats) => stats.readers],
  ["deferred_files", "replaced object files not yet removed", "gauge", (stats) => stats.deferredFiles],
  ["corrupt_objects_count", "reads that found damage", "counter", (stats) => stats.corruptObjects],
];

export function exposeStorage(metrics: NodeMetrics, store: ObjectStore): void {
  for (const [suffix, help, type, read] of FIGURES) {
    metrics.collect(`storage_${suffix}`, help, type, () => [[{}, read(store.stats)]]);
  }
  metrics.collect("storage_limit_hits_count", "requests refused, by limit", "counter", () =>
    Object.entries(store.stats.limitHits).map(([limit, count]) => [{ limit }, count] as const),
  );
  metrics.collect("mountpath_available_bytes", "space left, by mountpath", "gauge", () =>
    store.capacity().map(({ path, availableBytes }) => [{ mountpath: path }, availableBytes] as const),
  );
}
