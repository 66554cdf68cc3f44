import type { TailStats, TracingStats } from "@ais/tracing/types.ts";

type Counts = Readonly<Record<string, number>>;

/** Of the processes of one node, the main one first: what is counted adds up, the newest export and error are told. */
export function mergeTracingStats(all: readonly TracingStats[]): TracingStats {
  return all.reduce(mergeTwo);
}

function mergeTwo(left: TracingStats, right: TracingStats): TracingStats {
  const isNewer = right.lastExportTime > left.lastExportTime;
  const failedLater = right.lastErrorTime > left.lastErrorTime;
  return {
    ...left,
    spansStarted: left.spansStarted + right.spansStarted,
    spansExported: left.spansExported + right.spansExported,
    spansEnded: left.spansEnded + right.spansEnded,
    spansQueued: left.spansQueued + right.spansQueued,
    spansDropped: added(left.spansDropped, right.spansDropped),
    limitsHit: added(left.limitsHit, right.limitsHit),
    queueBytes: left.queueBytes + right.queueBytes,
    queueCapacityBytes: left.queueCapacityBytes + right.queueCapacityBytes,
    queueCapacitySpans: left.queueCapacitySpans + right.queueCapacitySpans,
    exports: left.exports + right.exports,
    exportFailures: left.exportFailures + right.exportFailures,
    lastExportMs: isNewer ? right.lastExportMs : left.lastExportMs,
    lastExportTime: isNewer ? right.lastExportTime : left.lastExportTime,
    lastError: failedLater ? right.lastError : left.lastError,
    lastErrorTime: failedLater ? right.lastErrorTime : left.lastErrorTime,
    tail: mergeTail(left.tail, right.tail),
  };
}

function mergeTail(left: TailStats, right: TailStats): TailStats {
  const { error, slow, asked } = right.exported;
  return {
    ...left,
    exported: {
      error: left.exported.error + error,
      slow: left.exported.slow + slow,
      asked: left.exported.asked + asked,
    },
    limited: left.limited + right.limited,
    missed: left.missed + right.missed,
    spansLeftOut: left.spansLeftOut + right.spansLeftOut,
    ringRequests: left.ringRequests + right.ringRequests,
    ringBytes: left.ringBytes + right.ringBytes,
    ringCapacityBytes: left.ringCapacityBytes + right.ringCapacityBytes,
  };
}

function added(left: Counts, right: Counts): Counts {
  const sum: Record<string, number> = { ...left };
  for (const [name, count] of Object.entries(right)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
