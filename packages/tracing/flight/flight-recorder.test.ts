import { describe, expect, test } from "bun:test";
import { Collector } from "../fixtures/collector.ts";
import { carrier, section, TracingFixture } from "../fixtures/tracing-fixture.ts";
import type { FactValue, Span } from "../types.ts";
import { FLIGHT_LIMITS } from "./flight-recorder.ts";

const GET = "GET /o";
const FAST = { operation: "object.get", status: 200, durationMs: 1 };
const FAILED = { ...FAST, status: 500 };

function describeRequest(span: Pick<Span, "set">, values: readonly FactValue[]): void {
  span.set("url.path", String(values[0]));
  span.set("answer", Number(values[1]));
  span.set("none", values[2] === null);
}

class Flight implements AsyncDisposable {
  readonly collector: Collector;
  readonly fixture: TracingFixture;
  readonly told: { readonly traceId: string; readonly nodeIds: readonly string[] }[] = [];

  private constructor(collector: Collector, fixture: TracingFixture) {
    this.collector = collector;
    this.fixture = fixture;
    fixture.tracing.onTail((traceId, nodeIds) => this.told.push({ traceId, nodeIds }));
  }

  static async start(limits = FLIGHT_LIMITS): Promise<Flight> {
    const collector = await Collector.start();
    const flight = new Flight(collector, new TracingFixture({}, { flightLimits: limits }));
    await flight.follow({ errors: true, slow: { "object.get": "100ms", "*": "1s" } });
    return flight;
  }

  get tracing() {
    return this.fixture.tracing;
  }

  async follow(tail: {
    readonly errors: boolean;
    readonly slow: Readonly<Record<string, string>>;
  }): Promise<void> {
    const exporter_endpoint = `http://127.0.0.1:${this.collector.port}`;
    await this.tracing.configure(section({ exporter_endpoint, sampler_probability: "0", tail }));
  }

  /** One request with a child; the SERVER span is still open. */
  begin(path = "/o"): Span {
    const span = this.tracing.startServer(GET, carrier());
    span.describe({ describe: describeRequest, values: [path, 42.5, null] });
    const child = span.child("ais.index.lookup");
    child.set("ais.mountpath", "/mp1");
    child.event("seen", { count: 3 });
    child.end();
    return span;
  }

  names(): readonly string[] {
    return this.collector.spans.map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fixture[Symbol.asyncDispose]();
    await this.collector[Symbol.asyncDispose]();
  }
}

describe("a request that was not sampled", () => {
  test("is exported whole when it fails", async () => {
    await using flight = await Flight.start();
    const span = flight.begin();
    expect([span.recording, span.sampled]).toEqual([true, false]);
    expect(flight.tracing.judge(span, FAILED)).toBe(true);
    expect(flight.tracing.judge(span, FAILED)).toBe(false);
    expect(span.sampled).toBe(true);
    expect(flight.tracing.responseHeaders(span).traceresponse).toMatch(/-0[13]$/);
    span.end();
    await flight.collector.until(() => flight.names().length === 2);
    const [child, server] = flight.collector.spans;
    expect(server).toMatchObject({ name: GET, parentSpanId: "", spanId: span.context.spanId });
    expect(server?.attributes).toEqual({
      "url.path": "/o",
      answer: 42.5,
      none: true,
      "ais.sampling.reason": "tail.error",
    });
    expect(child).toMatchObject({
      name: "ais.index.lookup",
      parentSpanId: span.context.spanId,
      attributes: { "ais.mountpath": "/mp1" },
    });
    expect(child?.events).toMatchObject([{ name: "seen" }]);
    expect(flight.collector.spans.map(({ flags }) => flags & 1)).toEqual([1, 1]);
    expect(flight.tracing.stats()).toMatchObject({ spansStarted: 2, spansEnded: 2 });
    expect(flight.fixture.unaccounted()).toBe(0);
  });

  test("is slow by the time of its operation, or of every other", async () => {
    await using flight = await Flight.start();
    const slow = (operation: string, durationMs: number) =>
      flight.tracing.judge(flight.begin(), { operation, status: 200, durationMs });
    expect(slow("object.get", 99)).toBe(false);
    expect(slow("object.get", 101)).toBe(true);
    expect(slow("object.put", 999)).toBe(false);
    expect(slow("object.put", 1001)).toBe(true);
    expect(flight.tracing.stats().tail.exported).toEqual({ error: 0, slow: 2, asked: 0 });
  });

  test("leaves nothing behind when it went well, but what another node may ask for", async () => {
    await using flight = await Flight.start();
    const span = flight.begin("/kept");
    flight.tracing.redirectQuery(span, "t1");
    flight.tracing.outboundHeaders(span, "t2");
    flight.tracing.outboundHeaders(span, "t1");
    expect(flight.tracing.judge(span, FAST)).toBe(false);
    span.end();
    expect(flight.tracing.stats()).toMatchObject({
      spansStarted: 0,
      spansEnded: 0,
      tail: { ringRequests: 1 },
    });
    const { traceId } = span.context;
    flight.tracing.exportTraces([traceId]);
    expect(flight.told).toEqual([{ traceId, nodeIds: ["t1", "t2"] }]);
    await flight.collector.until(() => flight.names().length === 2);
    const server = flight.collector.spans.find(({ name }) => name === GET);
    expect(server).toMatchObject({
      traceId,
      spanId: span.context.spanId,
      attributes: { "url.path": "/kept", answer: 42.5, none: true },
    });
    expect(flight.collector.spans.map(({ flags }) => flags & 1)).toEqual([1, 1]);
    expect(flight.collector.spans[0]?.events).toMatchObject([{ name: "seen", attributes: { count: 3 } }]);
    // Nodes of one trace ask each other: the second time is no loss.
    flight.tracing.exportTraces([traceId]);
    expect(flight.tracing.stats().tail).toMatchObject({ exported: { asked: 1 }, missed: 0 });
    expect(flight.fixture.unaccounted()).toBe(0);
  });

  test("is exported at its end when it was asked for before", async () => {
    await using flight = await Flight.start();
    const span = flight.begin();
    flight.tracing.exportTraces([span.context.traceId]);
    span.end();
    await flight.collector.until(() => flight.names().length === 2);
    expect(flight.tracing.stats().tail.exported.asked).toBe(1);
  });

  test("takes background work along that ends after it", async () => {
    await using flight = await Flight.start();
    const [failed, kept] = [flight.begin(), flight.begin()];
    const late = [failed.child("late of failed"), kept.child("late of kept")];
    flight.tracing.judge(failed, FAILED);
    failed.end();
    kept.end();
    for (const child of late) child.end();
    flight.tracing.exportTraces([kept.context.traceId]);
    await flight.collector.until(() => flight.names().length === 6);
    expect(flight.names()).toContain("late of failed");
    expect(flight.names()).toContain("late of kept");
  });

  test("tells who is called after the verdict that it is sampled", async () => {
    await using flight = await Flight.start();
    const span = flight.begin();
    const before = flight.tracing.outboundHeaders(span).traceparent;
    flight.tracing.judge(span, FAILED);
    expect(before).toMatch(/-0[02]$/);
    expect(flight.tracing.outboundHeaders(span).traceparent).toMatch(/-0[13]$/);
  });
});

describe("limits", () => {
  test("of exports a second: the rest is counted and forgotten", async () => {
    await using flight = await Flight.start({ ...FLIGHT_LIMITS, exportsPerSecond: 3 });
    const verdicts = Array.from({ length: 10 }, () => {
      const span = flight.begin();
      const verdict = flight.tracing.judge(span, FAILED);
      // Judged again when the reply is out, which must not count again.
      flight.tracing.judge(span, FAILED);
      span.end();
      return verdict;
    });
    expect(verdicts.filter((verdict) => verdict)).toHaveLength(3);
    expect(flight.tracing.stats().tail).toMatchObject({
      exported: { error: 3 },
      limited: 7,
      ringRequests: 0,
    });
  });

  test("of spans a request", async () => {
    await using flight = await Flight.start({ ...FLIGHT_LIMITS, spansPerRequest: 4 });
    const span = flight.begin();
    for (let i = 0; i < 10; i++) span.child(`step ${i}`).end();
    flight.tracing.judge(span, FAILED);
    span.end();
    await flight.collector.until(() => flight.names().includes(GET));
    expect(flight.names()).toEqual(["ais.index.lookup", "step 0", "step 1", "step 2", GET]);
    expect(flight.tracing.stats().tail.spansLeftOut).toBe(7);
  });

  test("of the ring: a trace that is gone counts as missed when it does not come", async () => {
    await using flight = await Flight.start({ ...FLIGHT_LIMITS, ringBytes: 8_192, wantedMs: 1 });
    const first = flight.begin();
    first.end();
    for (let i = 0; i < 50; i++) flight.begin().end();
    flight.tracing.exportTraces([first.context.traceId]);
    await Bun.sleep(5);
    expect(flight.tracing.stats().tail).toMatchObject({ exported: { asked: 0 }, missed: 1 });
  });
});

describe("without a tail rule", () => {
  test("a request that is not sampled carries its context and records nothing", async () => {
    await using flight = await Flight.start();
    flight.begin().end();
    await flight.follow({ errors: false, slow: {} });
    expect(flight.tracing.stats().tail).toMatchObject({ enabled: false, ringRequests: 0, ringBytes: 0 });
    const span = flight.begin();
    expect([span.recording, span.sampled]).toEqual([false, false]);
    expect(flight.tracing.judge(span, FAILED)).toBe(false);
  });

  test("a sampled request is no business of the tail rule", async () => {
    await using flight = await Flight.start();
    const sampled = { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
    const span = flight.tracing.startServer(GET, carrier(sampled));
    expect(flight.tracing.judge(span, FAILED)).toBe(false);
    span.end();
    await flight.collector.until(() => flight.names().length === 1);
    expect(flight.collector.spans[0]?.attributes["ais.sampling.reason"]).not.toBe("tail.error");
  });
});
