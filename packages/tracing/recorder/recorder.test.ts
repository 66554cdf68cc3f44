import { describe, expect, test } from "bun:test";
import type { Clock } from "@ais/base/clock.ts";
import { Collector } from "../fixtures/collector.ts";
import { section, TracingFixture } from "../fixtures/tracing-fixture.ts";
import { AnchoredClock } from "./time-anchor.ts";

describe("the queue", () => {
  test("is bounded in bytes while the collector is away, and everything is accounted for", async () => {
    await using fixture = new TracingFixture({}, { settings: { queueBytes: 100_000, batchSpans: 50 } });
    await fixture.tracing.configure(section({ exporter_endpoint: "http://127.0.0.1:1" }));
    for (let i = 0; i < 20_000; i++) fixture.record("lost");
    const stats = fixture.tracing.stats();
    expect(stats.queueBytes).toBeLessThan(100_200);
    expect(stats.spansDropped.queue_full).toBeGreaterThan(15_000);
    expect(stats.spansQueued).toBeGreaterThan(500);
    expect(fixture.unaccounted()).toBe(0);
    await fixture.tracing.stop(0);
    expect(fixture.tracing.stats()).toMatchObject({ spansQueued: 0, queueBytes: 0 });
    expect(fixture.tracing.stats().spansDropped.shutdown).toBe(stats.spansQueued);
    expect(fixture.unaccounted()).toBe(0);
  });

  test("is bounded in spans by OTEL_BSP_MAX_QUEUE_SIZE", async () => {
    await using fixture = new TracingFixture({ OTEL_BSP_MAX_QUEUE_SIZE: "3" });
    await fixture.tracing.configure(section({ exporter_endpoint: "http://127.0.0.1:1" }));
    fixture.record("a", "b", "c", "d", "e");
    expect(fixture.tracing.stats()).toMatchObject({ spansQueued: 3, spansDropped: { queue_full: 2 } });
  });

  test("goes out by count, by OTEL_BSP_MAX_EXPORT_BATCH_SIZE", async () => {
    await using collector = await Collector.start();
    const env = { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "2", OTEL_BSP_SCHEDULE_DELAY: "1" };
    await using fixture = new TracingFixture(env, { settings: { delayMs: 3_600_000 } });
    await fixture.tracing.configure(section({ exporter_endpoint: `http://127.0.0.1:${collector.port}` }));
    fixture.record("a", "b", "c");
    await collector.until(() => collector.spans.length === 2);
    await collector.until(() => collector.calls === 1);
    expect(collector.spans.map(({ name }) => name)).toEqual(["a", "b"]);
    await fixture.tracing.stop(2_000);
    expect(collector.spans.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });
});

class SteppedClock implements Clock {
  wallMs = 1_000_000;
  monoMs = 500;
  nowMs(): number {
    return this.wallMs;
  }
  nowNs(): bigint {
    return BigInt(this.wallMs) * 1_000_000n;
  }
  monotonicMs(): number {
    return this.monoMs;
  }
}

describe("AnchoredClock", () => {
  const wallMs = (clock: AnchoredClock) =>
    ((BigInt(clock.anchor.high) << 32n) + BigInt(clock.anchor.low)) / 1_000_000n +
    BigInt(Math.round(clock.monotonicMs()));

  test("follows a step of the wall clock, and leaves what began before it alone", () => {
    const source = new SteppedClock();
    const clock = new AnchoredClock(source);
    const before = clock.anchor;
    expect(wallMs(clock)).toBe(1_000_000n);
    source.wallMs += 1_000;
    source.monoMs += 1_000;
    clock.refresh();
    expect(clock.anchor).toBe(before);
    source.wallMs -= 3_600_000;
    clock.refresh();
    expect(wallMs(clock)).toBe(1_001_000n - 3_600_000n);
    expect(clock.anchor).not.toBe(before);
  });

  test("does not follow the resolution of the wall clock", () => {
    const source = new SteppedClock();
    const clock = new AnchoredClock(source);
    const before = clock.anchor;
    source.monoMs += 10;
    clock.refresh();
    expect(clock.anchor).toBe(before);
  });
});
