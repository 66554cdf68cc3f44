import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IntervalRecord, LoadSummary, OperationSummary } from "../summary.ts";
import { formatCount, formatLatency, formatMib } from "./format.ts";
import { lineProgress, tableProgress } from "./progress.ts";
import { fileOutput, jsonArrayOutput } from "./stats-output.ts";
import { summaryText } from "./summary-text.ts";

const NONE: OperationSummary = {
  count: 0,
  errors: 0,
  bytes: 0,
  operations_per_second: 0,
  bytes_per_second: 0,
  latency_ms: null,
};
const GET: OperationSummary = {
  count: 12_345,
  errors: 2,
  bytes: 5 * 1024 ** 2,
  operations_per_second: 1234.5,
  bytes_per_second: 512 * 1024,
  latency_ms: { min: 0.0123, mean: 1.5, p50: 1.25, p90: 20.5, p99: 345.6, p999: 999, max: 12_345 },
};
const INTERVAL: IntervalRecord = {
  record: "interval",
  at_ms: 10_000,
  interval_ms: 5000,
  put: NONE,
  get: GET,
};
const SUMMARY: LoadSummary = {
  record: "summary",
  started_at: "2026-01-02T03:04:05.000Z",
  elapsed_ms: 10_020,
  ended_by: "duration",
  load_model: "closed-loop",
  endpoint: "http://localhost:8080",
  bucket: "ais://abc",
  route: "proxy",
  workers: 8,
  seed: 1,
  put: NONE,
  get: GET,
  errors: [{ operation: "get", kind: "404", count: 2, example: "object ais://abc/x\n does not exist" }],
  http: { connections: 24, redirects: 12_347, repeats: 0 },
  slowest: [
    {
      trace_id: "0af7651916cd43dd8448eb211c80319c",
      operation: "get",
      object_name: "x",
      latency_ms: 345.6,
      outcome: "ok",
    },
  ],
  cleanup_error: null,
};

test("numbers for people", () => {
  expect([0, 999, 1000, 1234567.4].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([0.0123, 0.999, 1, 12.34, 123.4, 1000, 61_000].map(formatLatency)).toEqual([
    "12.3us",
    "999us",
    "1.00ms",
    "12.3ms",
    "123ms",
    "1.00s",
    "61.0s",
  ]);
  expect(formatMib(1.5 * 1024 ** 2)).toBe("1.50");
});

test("a pipe gets one line for each interval", () => {
  let out = "";
  const progress = lineProgress((text) => {
    out += text;
  });
  progress.interval(INTERVAL);
  progress.interval({ ...INTERVAL, at_ms: 15_000, get: NONE });
  expect(out).toBe(
    "10.0s  GET 12,345, 1,235/s, 0.50 MiB/s, p50 1.25ms, p99 346ms, errors 2\n15.0s  nothing done\n",
  );
});

test("a terminal gets a table that replaces the one before", () => {
  const writes: string[] = [];
  const progress = tableProgress((text) => writes.push(text));
  progress.interval(INTERVAL);
  progress.interval({ ...INTERVAL, at_ms: 15_000 });
  expect(writes[0]?.split("\n")).toHaveLength(4);
  expect(writes[0]).toContain("10.0s since the start");
  expect(writes[1]).toStartWith("\x1b[3A\x1b[J15.0s since the start");
});

test("the summary has a row for what was done, the errors and the slowest traces", () => {
  expect(
    summaryText(SUMMARY),
  ).toBe(`ais://abc by proxy, 8 in flight, closed loop, seed 1; ran 10.02s until its time was over
OP    COUNT  OPS/S  MIB/S     MIN     AVG     P50     P90    P99  P99.9    MAX  ERRORS
GET  12,345  1,235   0.50  12.3us  1.50ms  1.25ms  20.5ms  346ms  999ms  12.3s       2
connections 24, redirects 12,347, repeats on closed connections 0

Errors, with the text of the first of each kind:
OP   KIND  COUNT
GET   404      2   object ais://abc/x does not exist

Slowest traced requests:
TRACE ID                          LATENCY   OP  OUTCOME
0af7651916cd43dd8448eb211c80319c    346ms  GET       ok   x
`);
  expect(summaryText({ ...SUMMARY, get: NONE, errors: [], slowest: [] })).toContain("no requests were sent");
});

test("the records are one JSON array, also without any", () => {
  let out = "";
  const write = (text: string): void => {
    out += text;
  };
  const output = jsonArrayOutput(write);
  output.add(INTERVAL);
  output.add(SUMMARY);
  output.close();
  expect(JSON.parse(out)).toEqual([INTERVAL, SUMMARY]);
  out = "";
  jsonArrayOutput(write).close();
  expect(JSON.parse(out)).toEqual([]);
});

test("records are in the file as soon as they are added", () => {
  const directory = mkdtempSync(join(tmpdir(), "aisloader-"));
  try {
    const path = join(directory, "stats.json");
    const output = fileOutput(path);
    output.add(INTERVAL);
    expect(readFileSync(path, "utf8")).toContain('"at_ms":10000');
    output.add(SUMMARY);
    output.close();
    expect(JSON.parse(readFileSync(path, "utf8"))).toHaveLength(2);
    expect(() => fileOutput(join(directory, "no", "such"))).toThrow("ENOENT");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
