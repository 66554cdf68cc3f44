import { expect, test } from "bun:test";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { RecordedSpan, RecordingTracing } from "../testing/recording-tracing.ts";
import { createNodeMetrics } from "./node-metrics.ts";

const NS_PER_MS = 1e6;

function targetMetrics() {
  return createNodeMetrics({ role: "target", nodeId: "t1", tracing: new RecordingTracing() });
}

test("counts requests under AIStore's names", async () => {
  const metrics = targetMetrics();
  metrics.request("object.get", 200, 2 * NS_PER_MS, NOOP_SPAN);
  metrics.request("object.get", 404, NS_PER_MS, NOOP_SPAN);
  metrics.add("get.size", 1000);
  const { body, contentType } = await metrics.expose(null);
  expect(contentType).toContain("text/plain; version=0.0.4");
  expect(body).toContain('ais_target_get_count{node_id="t1",bucket=""} 1\n');
  expect(body).toContain('ais_target_err_get_count{node_id="t1",bucket=""} 1\n');
  expect(body).toContain('ais_target_get_bytes{node_id="t1",bucket=""} 1000\n');
  expect(body).toContain('ais_target_get_ns_total{node_id="t1",bucket=""} 2000000\n');
  expect(body).toContain('ais_target_put_count{node_id="t1",bucket="",xkind=""} 0\n');
  expect(body).toContain('ais_target_tracing_spans_dropped_count{node_id="t1",reason="queue_full"} 3\n');
  expect(body).toMatch(/\nprocess_resident_memory_bytes\{node_id="t1"\} [1-9]\d{6,}\n/);
  expect(metrics.dump().tracker).toMatchObject({ "get.n": 1, "err.get.n": 1, "get.size": 1000 });
});

test("fills cumulative latency buckets", async () => {
  const metrics = targetMetrics();
  for (const ms of [0.05, 3, 3, 60_000]) metrics.request("object.put", 200, ms * NS_PER_MS, NOOP_SPAN);
  const { body } = await metrics.expose(null);
  const bucket = (le: string): string =>
    new RegExp(`request_duration_seconds_bucket{node_id="t1",operation="object.put",le="${le}"} (\\d+)`).exec(
      body,
    )?.[1] ?? "missing";
  expect(["0.0001", "0.0025", "0.005", "30", "\\+Inf"].map(bucket)).toEqual(["1", "1", "3", "3", "4"]);
  expect(body).not.toContain("trace_id");
});

test("gives exemplars and stable names to scrapers of OpenMetrics", async () => {
  const metrics = targetMetrics();
  const span = new RecordedSpan("GET", 2, "a".repeat(32), "");
  metrics.request("object.get", 200, 3 * NS_PER_MS, span);
  const { body, contentType } = await metrics.expose(
    "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
  );
  expect(contentType).toContain("application/openmetrics-text");
  expect(body).toContain(`# {trace_id="${"a".repeat(32)}",span_id="${span.context.spanId}"} 0.003`);
  expect(body).toContain("# TYPE ais_target_get_count unknown\n");
  expect(body).not.toContain("get_count_total");
  expect(body.endsWith("# EOF\n")).toBe(true);
});

test("costs less than two microseconds for a request", () => {
  const metrics = targetMetrics();
  const span = new RecordedSpan("GET", 2, "a".repeat(32), "");
  // So short that some rounds have the machine for themselves.
  const count = 1_000;
  for (let i = 0; i < 20 * count; i++) metrics.request("object.get", 200, i, span);
  let bestUs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 100; round++) {
    const start = performance.now();
    for (let i = 0; i < count; i++) metrics.request("object.get", 200, i, span);
    bestUs = Math.min(bestUs, ((performance.now() - start) * 1000) / count);
  }
  expect(bestUs).toBeLessThan(2);
});

test("knows no metric but its own", () => {
  expect(() => targetMetrics().add("no.such.n", 1)).toThrow('unknown metric "no.such.n"');
});
