import { expect, test } from "bun:test";
import { spanId, type TestSpan, traceId } from "../spans.fixture.ts";
import { Evictor } from "./evict.ts";
import { TestStore } from "./store.fixture.ts";

const T = 1_800_000_000_000;
const MIB = 1024 * 1024;

function evictAll(store: TestStore, limits: { maxBytes?: number; maxAgeMs?: number }): number {
  const evictor = new Evictor(store.db, { maxBytes: 1e12, maxAgeMs: 1e12, ...limits }, () => store.nowMs);
  let spans = 0;
  for (;;) {
    const step = evictor.step();
    spans += step.spans;
    if (step.idsRemoved) store.writer.forgetIds();
    if (!step.more) return spans;
  }
}

function batch(trace: number, spans: number, changes: Partial<TestSpan> = {}): TestSpan[] {
  return Array.from({ length: spans }, (_, i) => ({
    traceId: traceId(trace),
    spanId: spanId(i + 1),
    startMs: T,
    attributes: { filler: "y".repeat(500) },
    ...changes,
  }));
}

test("traces go by the time of their arrival, whatever times their spans have", () => {
  using store = new TestStore();
  store.insert(batch(1, 3, { startMs: T + 1e9 }));
  store.nowMs += 1000;
  store.insert(batch(2, 2, { startMs: 1000 }));
  store.nowMs += 500;
  expect(evictAll(store, { maxAgeMs: 1000 })).toBe(3);
  expect(store.summary(traceId(1))).toBeUndefined();
  expect(store.summary(traceId(2))?.spans).toBe(2);
  expect(store.reader.counts()).toEqual({ spans: 2, traces: 1 });
});

test("services and operations go with their last span, and come again under a right id", () => {
  using store = new TestStore();
  store.insert(batch(1, 2, { service: "old", name: "gone" }));
  store.nowMs += 10_000;
  store.insert(batch(2, 1, { service: "new", name: "kept" }));
  evictAll(store, { maxAgeMs: 5000 });
  expect(store.reader.services()).toEqual(["new"]);
  expect(store.reader.operations("old")).toEqual([]);
  store.insert(batch(3, 1, { service: "old", name: "gone" }));
  expect(store.reader.services()).toEqual(["new", "old"]);
  expect(store.search({ service: "old", operation: "gone" })).toEqual([traceId(3)]);
});

test("the file stays within its limit, and the newest traces stay", () => {
  using store = new TestStore();
  const limits = { maxBytes: 4 * MIB };
  let largest = 0;
  for (let n = 1; n <= 60; n++) {
    store.insert(batch(n, 300));
    evictAll(store, limits);
    store.db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    largest = Math.max(largest, store.reader.bytes());
  }
  expect(largest).toBeLessThanOrEqual(limits.maxBytes);
  expect(store.summary(traceId(60))?.spans).toBe(300);
  expect(store.summary(traceId(1))).toBeUndefined();
});

test("a file that was larger shrinks when the limit is lowered", () => {
  using store = new TestStore();
  for (let n = 1; n <= 30; n++) store.insert(batch(n, 300));
  store.db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  const before = store.reader.bytes();
  evictAll(store, { maxBytes: 2 * MIB });
  store.db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  expect(before).toBeGreaterThan(6 * MIB);
  expect(store.reader.bytes()).toBeLessThanOrEqual(2 * MIB);
});

test("a trace larger than a step goes in several, and leaves nothing", () => {
  using store = new TestStore();
  store.insert(batch(1, 4500));
  store.nowMs += 10_000;
  const evictor = new Evictor(store.db, { maxBytes: 1e12, maxAgeMs: 1000 }, () => store.nowMs);
  const first = evictor.step();
  expect(first.more).toBe(true);
  expect(first.spans).toBeLessThan(4500);
  expect(first.spans + evictAll(store, { maxAgeMs: 1000 })).toBe(4500);
  expect(store.reader.counts()).toEqual({ spans: 0, traces: 0 });
  expect(store.reader.services()).toEqual([]);
});
