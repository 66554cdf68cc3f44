import { expect, test } from "bun:test";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { RecordingTracing } from "../testing/recording-tracing.ts";
import { countersOf, mergeDumps } from "./dump.ts";
import { createNodeMetrics } from "./node-metrics.ts";
import { withoutCounts } from "./without-counts.ts";

function process(gets: number, open: number, space: number) {
  const metrics = createNodeMetrics({ role: "target", nodeId: "n", tracing: new RecordingTracing() });
  for (let get = 0; get < gets; get++) metrics.request("object.get", 200, 2e6 * (get + 1), NOOP_SPAN);
  metrics.collect("open", "open now", "gauge", () => [[{}, open]]);
  metrics.collect("space", "space left", "gauge", () => [[{ mountpath: "/a" }, space]], "first");
  metrics.collect("slowest", "the slowest", "gauge", () => [[{}, gets]], "max");
  return metrics;
}

test("what processes count adds up, gauges follow their rule, histograms keep their buckets", async () => {
  const [main, worker] = [process(2, 3, 100), process(5, 4, 90)];
  const { body } = await main.expose(null, [worker.dump()]);
  const line = (start: string): string | undefined => body.split("\n").find((each) => each.startsWith(start));
  expect(line("ais_target_get_count{")).toBe('ais_target_get_count{node_id="n",bucket=""} 7');
  expect(line("ais_target_open{")).toBe('ais_target_open{node_id="n"} 7');
  expect(line("ais_target_space{")).toBe('ais_target_space{node_id="n",mountpath="/a"} 100');
  expect(line("ais_target_slowest{")).toBe('ais_target_slowest{node_id="n"} 5');
  const histogram = 'ais_target_request_duration_seconds_bucket{node_id="n",operation="object.get"';
  expect(line(`${histogram},le="0.0025"}`)).toEndWith(" 2");
  expect(line(`${histogram},le="0.01"}`)).toEndWith(" 7");
  expect(line("ais_target_request_duration_seconds_count{")).toEndWith(" 7");
  expect(mergeDumps([main.dump(), worker.dump()]).tracker["get.n"]).toBe(7);
});

test("a worker served what the main process did not: it is in the scrape all the same", async () => {
  const [main, worker] = [process(0, 0, 0), process(1, 0, 0)];
  expect((await main.expose(null)).body).not.toContain('operation="object.get"');
  expect((await main.expose(null, [worker.dump()])).body).toContain('operation="object.get"');
});

test("of a process that has ended its counts stay, and nothing that it had", () => {
  const { families, tracker } = countersOf(process(5, 4, 90).dump());
  expect(tracker["get.n"]).toBe(5);
  expect(families.some(({ name }) => name === "ais_target_get_count")).toBe(true);
  expect(families.some(({ name }) => name === "ais_target_open")).toBe(false);
});

test("a reset leaves of an ended process what it leaves of one that runs", () => {
  for (const onlyErrors of [true, false]) {
    const metrics = process(5, 4, 90);
    metrics.request("object.get", 404, 1e6, NOOP_SPAN);
    const past = withoutCounts(countersOf(metrics.dump()), onlyErrors);
    expect(past.tracker["err.get.n"]).toBeUndefined();
    expect(past.families.some(({ name }) => name === "ais_target_err_get_count")).toBe(false);
    metrics.reset(onlyErrors);
    expect(past.tracker).toEqual(metrics.dump().tracker);
    expect(past.tracker["get.n"]).toBe(onlyErrors ? 5 : undefined);
    expect(past.families.some(({ name }) => name === "ais_target_get_count")).toBe(onlyErrors);
  }
});
