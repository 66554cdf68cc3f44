import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestAistrace } from "../aistrace.fixture.ts";
import { spanId, traceId } from "../spans.fixture.ts";
import type { OwnSpan, OwnStats, OwnTrace, OwnTraces } from "./own-types.ts";

const T = Date.now() - 60_000;
let aistrace: TestAistrace;

beforeAll(async () => {
  aistrace = await TestAistrace.start();
  await aistrace.send([
    {
      traceId: traceId(1),
      spanId: spanId(1),
      service: "web",
      name: "GET",
      kind: 1,
      startMs: T,
      durationMs: 8,
      attributes: { "http.response.status_code": 404 },
      resource: { pod: "p" },
    },
    {
      traceId: traceId(1),
      spanId: spanId(2),
      parentSpanId: spanId(1),
      service: "db",
      name: "SELECT",
      startMs: T + 2,
      durationMs: 0.0005,
      events: [{ name: "retry", timeMs: T + 2 }],
      resource: { "service.instance.id": "db-1" },
      error: true,
      attributes: { "db.query": 'select 100% of "it"' },
    },
  ]);
  await aistrace.send([
    { traceId: traceId(2), spanId: spanId(1), service: "job", name: "run", startMs: T + 10 },
  ]);
});
afterAll(() => aistrace[Symbol.asyncDispose]());

test("summaries need no service and say what a trace holds", async () => {
  const { traces, warnings } = await aistrace.json<OwnTraces>("/api/aistrace/traces");
  expect(warnings).toEqual([]);
  expect(traces.map(({ traceID }) => traceID)).toEqual([traceId(2), traceId(1)]);
  expect(traces[1]).toEqual({
    traceID: traceId(1),
    rootService: "web",
    rootName: "GET",
    startTime: T * 1000,
    duration: 8000,
    spanCount: 2,
    object: "",
    failedStatus: 404,
    errorCount: 1,
    services: [
      { name: "db", spanCount: 1, errorCount: 1 },
      { name: "web", spanCount: 1, errorCount: 0 },
    ],
  });
});

test("summaries take the conditions of a search, errors and ids", async () => {
  const ids = async (query: string): Promise<string[]> =>
    (await aistrace.json<OwnTraces>(`/api/aistrace/traces?${query}`)).traces.map(({ traceID }) => traceID);
  expect(await ids("error=true")).toEqual([traceId(1)]);
  expect(await ids("order=longest")).toEqual([traceId(1), traceId(2)]);
  expect(await ids("order=longest&limit=1")).toEqual([traceId(1)]);
  expect((await aistrace.get("/api/aistrace/traces?order=best")).status).toBe(400);
  expect(await ids("service=job&lookback=1h")).toEqual([traceId(2)]);
  expect(await ids("lookback=1s")).toEqual([]);
  expect(await ids(`traceID=${traceId(2)}`)).toEqual([traceId(2)]);
  const missing = await aistrace.json<OwnTraces>("/api/aistrace/traces?traceID=77");
  expect(missing).toEqual({ traces: [], warnings: [`trace not found: ${"77".padStart(32, "0")}`] });
});

test("an outline has every span, a span all of its details", async () => {
  const outline = await aistrace.json<OwnTrace>(`/api/aistrace/traces/${traceId(1)}`);
  expect(outline).toEqual({
    traceID: traceId(1),
    services: ["web", "db"],
    names: ["GET", "SELECT"],
    instances: ["", "db-1"],
    spans: [
      [spanId(1), "", 0, 0, "server", T * 1000, 8000, false, 0],
      [spanId(2), spanId(1), 1, 1, "internal", (T + 2) * 1000, 0.5, true, 1],
    ],
    failedStatuses: { [spanId(1)]: 404 },
    events: { [spanId(2)]: [[(T + 2) * 1000, "retry"]] },
  });
  const { span, process } = await aistrace.json<OwnSpan>(
    `/api/aistrace/traces/${traceId(1)}/spans/${spanId(1)}`,
  );
  expect(span.operationName).toBe("GET");
  expect(process.tags).toEqual([{ key: "pod", type: "string", value: "p" }]);
  expect((await aistrace.get(`/api/aistrace/traces/${traceId(1)}/spans/${spanId(7)}`)).status).toBe(404);
  expect((await aistrace.get(`/api/aistrace/traces/${traceId(7)}`)).status).toBe(404);
});

test("text is found in names and values, as it is written", async () => {
  const find = async (text: string): Promise<unknown> =>
    aistrace.json(`/api/aistrace/traces/${traceId(1)}/find?${new URLSearchParams({ text })}`);
  expect(await find("select")).toEqual({ spanIDs: [spanId(2)] });
  expect(await find('of "it"')).toEqual({ spanIDs: [spanId(2)] });
  expect(await find("100%")).toEqual({ spanIDs: [spanId(2)] });
  expect(await find("1%0")).toEqual({ spanIDs: [] });
  expect(await find("WEB")).toEqual({ spanIDs: [spanId(1)] });
});

test("stats and metrics count", async () => {
  const stats = await aistrace.json<OwnStats>("/api/aistrace/stats");
  expect(stats).toMatchObject({ traces: 2, spans: 3, received: 3, stored: 3, refused: 0, evicted: 0 });
  expect(stats.bytes).toBeGreaterThan(0);
  expect(stats.otlpPorts).toEqual({ grpc: aistrace.ports.otlpGrpc, http: aistrace.ports.otlpHttp });
  const metrics = await (await aistrace.get("/metrics")).text();
  expect(metrics).toContain("\naistrace_spans_received_total 3\n");
  expect(metrics).toContain("\naistrace_store_traces 2\n");
});

test("the page has Jaeger's addresses and runs only its own files", async () => {
  for (const path of ["/", "/search?service=web", `/trace/${traceId(1)}`]) {
    const page = await aistrace.get(path);
    expect([path, page.status, page.headers.get("content-type")]).toEqual([
      path,
      200,
      "text/html; charset=utf-8",
    ]);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
  }
  expect((await aistrace.get("/assets/app.js")).headers.get("content-type")).toContain("text/javascript");
  expect(await (await aistrace.get("/healthz")).text()).toBe("ok\n");
});
