import { expect, test } from "bun:test";
import { spanId, type TestSpan, traceId } from "../spans.fixture.ts";
import { TestStore } from "./store.fixture.ts";

const T = 1_800_000_000_000;

function span(n: number, changes: Partial<TestSpan> = {}): TestSpan {
  return { traceId: traceId(n), spanId: spanId(n), startMs: T + n * 1000, ...changes };
}

test("traces are found by service and operation, the latest first", () => {
  using store = new TestStore();
  store.insert([
    span(1, { service: "web", name: "GET" }),
    span(2, { service: "web", name: "PUT" }),
    span(3, { service: "web", name: "GET", kind: 1 }),
    span(4, { service: "db", name: "GET" }),
  ]);
  expect(store.search({ service: "web" })).toEqual([traceId(3), traceId(2), traceId(1)]);
  expect(store.search({ service: "web", operation: "GET" })).toEqual([traceId(3), traceId(1)]);
  expect(store.search({ operation: "GET" })).toEqual([traceId(4), traceId(3), traceId(1)]);
  expect(store.search({ service: "none" })).toEqual([]);
  expect(store.search({ service: "web", limit: 1 })).toEqual([traceId(3)]);
  expect(store.search({})).toHaveLength(4);
});

test("tags are found in attributes, resource, events, scope, kind and status", () => {
  using store = new TestStore();
  store.insert([
    span(1, { attributes: { "http.status": 404, cached: true, list: ["a", "b"] } }),
    span(2, { resource: { "host.name": "h2" }, kind: 2, scope: "lib" }),
    span(3, {
      events: [{ name: "exception", timeMs: T, attributes: { "exception.type": "EIO" } }],
      error: true,
    }),
  ]);
  const find = (...tags: [string, string][]): string[] => store.search({ tags: new Map(tags) });
  expect(find(["http.status", "404"])).toEqual([traceId(1)]);
  expect(find(["cached", "true"])).toEqual([traceId(1)]);
  expect(find(["list", '["a","b"]'])).toEqual([traceId(1)]);
  expect(find(["host.name", "h2"])).toEqual([traceId(2)]);
  expect(find(["span.kind", "client"])).toEqual([traceId(2)]);
  expect(find(["otel.scope.name", "lib"])).toEqual([traceId(2)]);
  expect(find(["exception.type", "EIO"])).toEqual([traceId(3)]);
  expect(find(["otel.status_code", "ERROR"])).toEqual([traceId(3)]);
  expect(find(["http.status", "404"], ["cached", "true"])).toEqual([traceId(1)]);
  expect(find(["http.status", "404"], ["host.name", "h2"])).toEqual([]);
  expect(find(["http.status", "40"])).toEqual([]);
});

test("statuses are found by their class", () => {
  using store = new TestStore();
  const status = "http.response.status_code";
  store.insert([
    span(1, { attributes: { [status]: 404 } }),
    span(2, { attributes: { [status]: "416", code: 404 } }),
    span(3, { attributes: { [status]: 500 }, error: true }),
    span(4, { attributes: { [status]: 200, text: `"${status}",404]` } }),
    span(5, { attributes: { "http.status_code": 404 }, resource: { [status]: "4xx" } }),
    span(6, { attributes: { [status]: 4040 } }),
  ]);
  const find = (value: string, key = status): string[] => store.search({ tags: new Map([[key, value]]) });
  expect(find("4xx")).toEqual([traceId(2), traceId(1)]);
  expect(find("5XX")).toEqual([traceId(3)]);
  expect(find("404")).toEqual([traceId(1)]);
  expect(find("4xx", "http.status_code")).toEqual([traceId(5)]);
  expect(find("4xx", "code")).toEqual([]);
  expect(store.search({ tags: new Map([[status, "5xx"]]), errorsOnly: true, service: "shop" })).toEqual([
    traceId(3),
  ]);
});

test("a tag is never found by its signature alone", () => {
  using store = new TestStore();
  const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`key${i}`, i]));
  store.insert([span(1, { attributes: many })]);
  expect(store.search({ tags: new Map([["key7", "7"]]) })).toEqual([traceId(1)]);
  expect(store.search({ tags: new Map([["key7", "8"]]) })).toEqual([]);
});

test("errors are found by status and by attribute", () => {
  using store = new TestStore();
  store.insert([span(1, { error: true }), span(2), span(3, { attributes: { error: true }, name: "other" })]);
  expect(store.search({ errorsOnly: true })).toEqual([traceId(3), traceId(1)]);
  expect(store.search({ errorsOnly: true, service: "shop" })).toEqual([traceId(3), traceId(1)]);
  expect(store.search({ errorsOnly: true, service: "shop", operation: "other" })).toEqual([traceId(3)]);
});

test("durations are those of the matching span, or of the trace when nothing else is asked", () => {
  using store = new TestStore();
  store.insert([
    span(1, { durationMs: 100 }),
    {
      traceId: traceId(1),
      spanId: spanId(100),
      parentSpanId: spanId(1),
      startMs: T + 1000,
      durationMs: 3,
      name: "step",
    },
    span(2, { durationMs: 5 }),
  ]);
  const ms = 1e6;
  expect(store.search({ minDurationNs: 50 * ms })).toEqual([traceId(1)]);
  expect(store.search({ maxDurationNs: 50 * ms })).toEqual([traceId(2)]);
  expect(store.search({ service: "shop", operation: "step", maxDurationNs: 50 * ms })).toEqual([traceId(1)]);
  expect(store.search({ service: "shop", minDurationNs: 100 * ms, maxDurationNs: 100 * ms })).toEqual([
    traceId(1),
  ]);
});

test("the window holds the start of a span, both ends included", () => {
  using store = new TestStore();
  store.insert([span(1), span(2), span(3)]);
  const us = (n: number): number => (T + n * 1000) * 1000;
  expect(store.search({ service: "shop", startUs: us(2), endUs: us(3) })).toEqual([traceId(3), traceId(2)]);
  expect(store.search({ service: "shop", startUs: us(2) + 1 })).toEqual([traceId(3)]);
  expect(store.search({ startUs: us(1), endUs: us(1) })).toEqual([traceId(1)]);
});

test("a reader that stopped early does not keep the writer from cutting its log back", () => {
  using store = new TestStore();
  store.insert(Array.from({ length: 50 }, (_, n) => span(n + 1)));
  expect(store.search({ service: "shop", limit: 1 })).toHaveLength(1);
  const [row] = store.db.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)").all();
  expect(row?.busy).toBe(0);
});

test("a search gives what it has when its time is over", async () => {
  using store = new TestStore();
  store.insert(Array.from({ length: 3000 }, (_, n) => span(n + 1, { attributes: { n } })));
  const { searchTraces } = await import("./search.ts");
  const search = {
    service: "shop",
    operation: "",
    tags: new Map<string, string>(),
    errorsOnly: false,
    minDurationNs: 0,
    maxDurationNs: Number.MAX_SAFE_INTEGER,
    startUs: 0,
    endUs: Number.MAX_SAFE_INTEGER,
    order: "latest" as const,
    limit: 5000,
  };
  const result = searchTraces(store.db, search, -1);
  expect(result.incomplete).toBe(true);
  expect(result.traces.length).toBeLessThan(3000);
});

test("the longest are found of all that fit, however many there are", () => {
  using store = new TestStore();
  const durations = Array.from({ length: 40 }, (_, n) => ((n * 17) % 40) + 1);
  store.insert(
    durations.map((durationMs, n) => span(n + 1, { durationMs, attributes: { even: n % 2 === 0 } })),
  );
  // A trace counts by the span that fits, and once.
  store.insert([
    { traceId: traceId(1), spanId: spanId(500), startMs: T, durationMs: 90, name: "other" },
    { traceId: traceId(1), spanId: spanId(501), startMs: T, durationMs: 80, name: "other" },
  ]);
  const longest = (fits: (n: number) => boolean): string[] =>
    durations
      .map((durationMs, n) => ({ durationMs, n }))
      .filter(({ n }) => fits(n))
      .sort((a, b) => b.durationMs - a.durationMs)
      .slice(0, 3)
      .map(({ n }) => traceId(n + 1));
  const wanted = { order: "longest", limit: 3 } as const;
  expect(store.search({ ...wanted, service: "shop", operation: "work" })).toEqual(longest(() => true));
  expect(store.search({ ...wanted, operation: "work", tags: new Map([["even", "true"]]) })).toEqual(
    longest((n) => n % 2 === 0),
  );
  expect(store.search({ ...wanted, service: "shop" })[0]).toBe(traceId(1));
  expect(store.search({ ...wanted, limit: 1 })).toEqual([traceId(1)]);
});
