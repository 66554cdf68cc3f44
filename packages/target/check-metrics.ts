/** What checks and scrubs of stored data count, in Prometheus. */
import type { NodeMetrics } from "@ais/node/metrics/types.ts";
import type { ObjectStore, ObjectStoreStats } from "@ais/storage/types.ts";

const COUNTERS: readonly (readonly [
  suffix: string,
  help: string,
  read: (stats: ObjectStoreStats) => number,
])[] = [
  ["check_count", "objects looked at by checks and scrubs", (stats) => stats.checkedObjects],
  ["check_damage_count", "damages that they found", (stats) => stats.checkDamages],
  ["scrub_count", "objects whose content was verified in the background", (stats) => stats.verifiedObjects],
  ["scrub_bytes", "bytes of those objects", (stats) => stats.verifiedBytes],
  ["err_scrub_count", "objects whose content was not what was stored", (stats) => stats.verifyMismatches],
];

export function exposeChecks(metrics: NodeMetrics, store: ObjectStore): void {
  for (const [suffix, help, read] of COUNTERS) {
    metrics.collect(suffix, help, "counter", () => [[{}, read(store.stats)]]);
  }
  const gone = "mountpaths whose directory or disk has gone since the start";
  metrics.collect("mountpaths_gone", gone, "gauge", () => [[{}, store.stats.goneMountpaths]], "max");
}
