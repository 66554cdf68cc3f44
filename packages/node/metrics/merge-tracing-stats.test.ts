import { expect, test } from "bun:test";
import type { TracingStats } from "@ais/tracing/types.ts";
import { RecordingTracing } from "../testing/recording-tracing.ts";
import { mergeTracingStats } from "./merge-tracing-stats.ts";

const EARLY = "2026-11-29T03:00:00.000Z";
const LATE = "2026-11-29T03:00:01.000Z";

function stats(changes: Partial<TracingStats>): TracingStats {
  return { ...new RecordingTracing().stats(), ...changes };
}

test("the newest error of any process is told, with its own time", () => {
  const none = stats({});
  const early = stats({ lastError: "refused", lastErrorTime: EARLY });
  const late = stats({ lastError: "worker ended", lastErrorTime: LATE });
  for (const all of [
    [none, early, late],
    [late, early, none],
    [early, none, late],
  ])
    expect(mergeTracingStats(all)).toMatchObject({ lastError: "worker ended", lastErrorTime: LATE });
  expect(mergeTracingStats([none, none])).toMatchObject({ lastError: "", lastErrorTime: "" });
});

test("queues and their bounds add up", () => {
  const one = stats({ spansQueued: 3, queueBytes: 300, queueCapacityBytes: 1000, queueCapacitySpans: 10 });
  expect(mergeTracingStats([one, one])).toMatchObject({
    spansQueued: 6,
    queueBytes: 600,
    queueCapacityBytes: 2000,
    queueCapacitySpans: 20,
  });
});
