import { expect, test } from "bun:test";
import { spanId, traceId } from "../spans.fixture.ts";
import { TestStore } from "./store.fixture.ts";

const T = 1_800_000_000_000;

test("a summary tells root, extent, services and errors of a trace", () => {
  using store = new TestStore();
  store.insert([
    {
      traceId: traceId(1),
      spanId: spanId(2),
      parentSpanId: spanId(1),
      service: "db",
      startMs: T + 2,
      durationMs: 30,
      error: true,
    },
    { traceId: traceId(1), spanId: spanId(1), service: "web", name: "GET /", startMs: T, durationMs: 10 },
    { traceId: traceId(1), spanId: spanId(3), parentSpanId: spanId(2), service: "db", startMs: T + 3 },
  ]);
  expect(store.summary(traceId(1))).toEqual({
    num: 1,
    traceId: traceId(1),
    rootService: "web",
    rootName: "GET /",
    startUs: T * 1000,
    durationUs: 32_000,
    spans: 3,
    errors: 1,
    services: [
      { name: "db", spans: 2, errors: 1 },
      { name: "web", spans: 1, errors: 0 },
    ],
  });
});

test("late spans change the summary, and the true root replaces its stand-in", () => {
  using store = new TestStore();
  store.insert([
    { traceId: traceId(1), spanId: spanId(2), parentSpanId: spanId(1), name: "child", startMs: T + 5 },
  ]);
  expect(store.summary(traceId(1))?.rootName).toBe("child");
  store.insert([
    { traceId: traceId(1), spanId: spanId(3), parentSpanId: spanId(1), name: "earlier", startMs: T + 1 },
  ]);
  expect(store.summary(traceId(1))?.rootName).toBe("earlier");
  store.insert([{ traceId: traceId(1), spanId: spanId(1), name: "root", startMs: T + 3, durationMs: 50 }]);
  expect(store.summary(traceId(1))).toMatchObject({
    rootName: "root",
    startUs: (T + 1) * 1000,
    durationUs: 52_000,
    spans: 3,
  });
});

test("a span that comes again replaces the first one, in the same request or later", () => {
  using store = new TestStore();
  const first = {
    traceId: traceId(1),
    spanId: spanId(1),
    service: "a",
    name: "first",
    startMs: T,
    durationMs: 99,
    error: true,
  };
  const second = { ...first, service: "b", name: "second", durationMs: 5, error: false };
  store.insert([first, first]);
  expect(store.summary(traceId(1))).toMatchObject({ spans: 1, errors: 1 });
  store.insert([second]);
  expect(store.summary(traceId(1))).toMatchObject({
    spans: 1,
    errors: 0,
    durationUs: 5000,
    rootName: "second",
    services: [{ name: "b", spans: 1, errors: 0 }],
  });
  expect(store.reader.counts()).toEqual({ spans: 1, traces: 1 });
  expect(store.search({ service: "a" })).toEqual([]);
  expect(store.search({ service: "b" })).toEqual([traceId(1)]);
});

test("spans with zero ids are refused, the others are stored", () => {
  using store = new TestStore();
  const result = store.insert([
    { traceId: "0".repeat(32), spanId: spanId(1), startMs: T },
    { traceId: traceId(1), spanId: "0".repeat(16), startMs: T },
    { traceId: traceId(1), spanId: spanId(2), startMs: T },
  ]);
  expect(result).toMatchObject({ stored: 1, refused: 2 });
  expect(result?.reason).toContain("trace id");
  expect(store.summary(traceId(1))?.spans).toBe(1);
});

test("a span that is larger than its limit is refused", () => {
  using store = new TestStore();
  const large = {
    traceId: traceId(1),
    spanId: spanId(1),
    startMs: T,
    attributes: { blob: "x".repeat(1024 * 1024) },
  };
  expect(store.insert([large])).toMatchObject({ stored: 0, refused: 1 });
});

test("a resource that is larger than its limit takes its spans with it, and only them", () => {
  using store = new TestStore();
  const span = { traceId: traceId(1), spanId: spanId(1), startMs: T };
  const large = store.insert([{ ...span, resource: { blob: "x".repeat(1024 * 1024) } }]);
  expect(large).toMatchObject({ stored: 0, refused: 1 });
  expect(large?.reason).toContain("the resource and its library have");
  const other = { ...span, spanId: spanId(2), service: "s".repeat(5000) };
  expect(store.insert([other])).toMatchObject({ stored: 1, refused: 0 });
  expect(store.reader.services().map((name) => name.length)).toEqual([1024]);
});

test("nothing of a group is stored when a part of it fails, and the writer goes on", () => {
  using store = new TestStore();
  const good = { resource: { attributes: {} }, scopeSpans: [] };
  const bad = {
    resource: { attributes: {} },
    get scopeSpans(): never {
      throw new Error("broken");
    },
  };
  store.insert([{ traceId: traceId(9), spanId: spanId(1), startMs: T }]);
  expect(() => store.writer.insertAll([[good], [bad]])).toThrow("broken");
  store.insert([{ traceId: traceId(1), spanId: spanId(1), startMs: T }]);
  expect(store.reader.counts()).toEqual({ spans: 2, traces: 2 });
});

test("a span that ends before it starts has no duration", () => {
  using store = new TestStore();
  store.insert([{ traceId: traceId(1), spanId: spanId(1), startMs: T, durationMs: -5 }]);
  expect(store.summary(traceId(1))).toMatchObject({ startUs: T * 1000, durationUs: 0 });
});
