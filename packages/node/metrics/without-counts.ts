import type { MetricsDump } from "./dump.ts";
import { isErrorCount, METRICS, prometheusSuffix } from "./names.ts";

/** What `NodeMetrics.reset` would leave of it. */
export function withoutCounts(
  { families, histograms, tracker }: MetricsDump,
  onlyErrors: boolean,
): MetricsDump {
  const names = Object.keys(METRICS).filter((name) => !onlyErrors || isErrorCount(name));
  const gone = new Set(names);
  const goneFamilies = new Set(
    names.flatMap((name) => ["proxy", "target"].map((role) => `ais_${role}_${prometheusSuffix(name)}`)),
  );
  return {
    families: families.filter(({ name }) => !goneFamilies.has(name)),
    histograms,
    tracker: Object.fromEntries(Object.entries(tracker).filter(([name]) => !gone.has(name))),
  };
}
