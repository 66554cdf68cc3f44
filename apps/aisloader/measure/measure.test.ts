import { describe, expect, test } from "bun:test";
import { LatencyHistogram } from "./latency-histogram.ts";
import { type Outcome, Recorder } from "./recorder.ts";

describe("latencies", () => {
  test("percentiles of a known distribution are right to a thousandth", () => {
    const histogram = new LatencyHistogram();
    for (let value = 1; value <= 10_000; value++) histogram.record(value / 10);
    const summary = histogram.summary();
    expect(summary).toMatchObject({ min: 0.1, max: 1000, mean: 500.05 });
    for (const [name, wanted] of [
      ["p50", 500],
      ["p90", 900],
      ["p99", 990],
      ["p999", 999],
    ] as const) {
      expect(Math.abs((summary?.[name] ?? 0) - wanted)).toBeLessThan(wanted / 900);
    }
  });

  test("one value is every percentile", () => {
    const histogram = new LatencyHistogram();
    histogram.record(12.3456);
    const value = 12.346;
    expect(histogram.summary()).toEqual({
      min: value,
      mean: value,
      p50: value,
      p90: value,
      p99: value,
      p999: value,
      max: value,
    });
  });

  test("values outside of the histogram's range are counted at its ends", () => {
    const histogram = new LatencyHistogram();
    histogram.record(0);
    histogram.record(1e9);
    expect(histogram.summary()).toMatchObject({ min: 0, max: 1e9 });
    expect(histogram.count).toBe(2);
  });

  test("adding is as if both had been recorded in one", () => {
    const [left, right, both] = [new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram()];
    for (let value = 1; value <= 500; value++) {
      (value % 3 === 0 ? left : right).record(value);
      both.record(value);
    }
    left.add(right);
    expect(left.summary()).toEqual(both.summary());
    left.reset();
    expect(left.summary()).toBeNull();
    left.add(right);
    expect(left.summary()).toEqual(right.summary());
  });
});

describe("recorder", () => {
  const outcome = (given: Partial<Outcome>): Outcome => ({
    operation: "get",
    objectName: "o",
    latencyMs: 2,
    bytes: 100,
    failure: null,
    traceId: null,
    ...given,
  });
  const failed = (kind: string): Partial<Outcome> => ({
    failure: { kind, text: `text of ${kind}` },
    latencyMs: 500,
  });

  test("an interval has what happened in it, the total has everything", () => {
    const recorder = new Recorder(1000, 0);
    recorder.record(outcome({}));
    recorder.record(outcome({ latencyMs: 4 }));
    recorder.record(outcome({ operation: "put", bytes: 50 }));
    expect(recorder.endInterval(3000)).toMatchObject({
      at_ms: 2000,
      interval_ms: 2000,
      get: { count: 2, bytes: 200, operations_per_second: 1, bytes_per_second: 100, latency_ms: { mean: 3 } },
      put: { count: 1, bytes: 50 },
    });
    recorder.record(outcome({ latencyMs: 9 }));
    expect(recorder.endInterval(4000)).toMatchObject({
      at_ms: 3000,
      interval_ms: 1000,
      get: { count: 1 },
      put: { count: 0 },
    });
    expect(recorder.total("get", 3000)).toMatchObject({
      count: 3,
      bytes: 300,
      operations_per_second: 1,
      latency_ms: { min: 2, mean: 5, max: 9 },
    });
  });

  test("failures are counted by kind, most frequent first, and have no latency", () => {
    const recorder = new Recorder(0, 0);
    for (const kind of ["404", "500", "500"]) recorder.record(outcome(failed(kind)));
    recorder.record(outcome({ operation: "put", ...failed("500") }));
    expect(recorder.endInterval(1).get).toMatchObject({ count: 0, errors: 3, bytes: 0, latency_ms: null });
    expect(recorder.errors()).toEqual([
      { operation: "get", kind: "500", count: 2, example: "text of 500" },
      { operation: "get", kind: "404", count: 1, example: "text of 404" },
      { operation: "put", kind: "500", count: 1, example: "text of 500" },
    ]);
  });

  test("the slowest traced requests are kept, failed ones too", () => {
    const recorder = new Recorder(0, 3);
    for (const [index, latencyMs] of [5, 1, 9, 7, 3].entries()) {
      recorder.record(outcome({ latencyMs, traceId: `t${index}` }));
    }
    recorder.record(outcome({ latencyMs: 100 }));
    recorder.record(outcome({ ...failed("503"), traceId: "bad" }));
    expect(recorder.slowest().map(({ trace_id, outcome }) => [trace_id, outcome])).toEqual([
      ["bad", "503"],
      ["t2", "ok"],
      ["t3", "ok"],
    ]);
    const none = new Recorder(0, 0);
    none.record(outcome({ traceId: "t" }));
    expect(none.slowest()).toEqual([]);
  });
});
