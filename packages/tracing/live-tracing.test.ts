import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { Collector } from "./fixtures/collector.ts";
import { carrier, section, TracingFixture } from "./fixtures/tracing-fixture.ts";
import { NOOP_SPAN, QuietSpan } from "./noop.ts";
import type { OtlpSpan } from "./otlp/types.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const OTHER_TRACE = "1af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const OTHER_SPAN = "c7ad6b7169203331";
const parent = (trace: string, span: string, flags = "01") => `00-${trace}-${span}-${flags}`;

let collector: Collector;
let fixture: TracingFixture;

beforeAll(async () => {
  collector = await Collector.start();
  fixture = new TracingFixture();
  await fixture.tracing.configure(section({ exporter_endpoint: `http://127.0.0.1:${collector.port}` }));
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

/** The exported span with the id that `traceparent` names. */
async function exported(traceparent: string): Promise<OtlpSpan> {
  const [, traceId, spanId] = traceparent.split("-");
  const find = () => collector.spans.find((span) => span.traceId === traceId && span.spanId === spanId);
  await collector.until(() => find() !== undefined);
  return must(find(), "the span was exported");
}

describe("the context of a request", () => {
  test("a new trace has a random id, and keeps to flags that every SDK takes", async () => {
    const span = fixture.tracing.startServer("GET /a", carrier());
    span.end();
    expect(span.context.traceFlags).toBe(1);
    expect(span.context.traceState).toBeUndefined();
    const sent = await exported(must(fixture.tracing.outboundHeaders(span).traceparent, "header"));
    expect(sent).toMatchObject({ name: "GET /a", kind: 2, parentSpanId: "", flags: 0x101, links: [] });
  });

  test("headers continue the caller's trace, with its state, flags and baggage", async () => {
    const headers = {
      traceparent: parent(TRACE, SPAN, "03"),
      tracestate: "a=1, b=2",
      baggage: "user=x,bad member",
    };
    const span = fixture.tracing.startServer("GET /b", carrier(headers));
    span.end();
    const out = fixture.tracing.outboundHeaders(span);
    expect(out).toEqual({
      traceparent: parent(TRACE, span.context.spanId, "03"),
      tracestate: "a=1,b=2",
      baggage: "user=x",
    });
    expect(span.context.traceState?.get("b")).toBe("2");
    expect(await exported(must(out.traceparent, "header"))).toMatchObject({
      parentSpanId: SPAN,
      traceState: "a=1,b=2",
      flags: 0x303,
    });
  });

  test("the query is nearer than headers of the same trace", async () => {
    const span = fixture.tracing.startServer(
      "GET /c",
      carrier(
        { traceparent: parent(TRACE, SPAN), tracestate: "header=1" },
        { traceparent: parent(TRACE, OTHER_SPAN), tracestate: "query=1" },
      ),
    );
    span.end();
    const sent = await exported(must(fixture.tracing.outboundHeaders(span).traceparent, "header"));
    expect(sent).toMatchObject({ parentSpanId: OTHER_SPAN, traceState: "query=1", links: [] });
  });

  test("headers of another trace become a link", async () => {
    const span = fixture.tracing.startServer(
      "GET /d",
      carrier(
        { traceparent: parent(TRACE, SPAN), tracestate: "header=1" },
        { traceparent: parent(OTHER_TRACE, OTHER_SPAN) },
      ),
    );
    span.end();
    expect(span.context.traceId).toBe(OTHER_TRACE);
    const sent = await exported(must(fixture.tracing.outboundHeaders(span).traceparent, "header"));
    expect(sent).toMatchObject({
      parentSpanId: OTHER_SPAN,
      traceState: "",
      links: [{ traceId: TRACE, spanId: SPAN, traceState: "header=1" }],
    });
  });

  test("a bad query falls back to headers, bad headers to a new trace", () => {
    const { tracing } = fixture;
    const good = { traceparent: parent(TRACE, SPAN) };
    const fromHeader = tracing.startServer("GET /e", carrier(good, { traceparent: "00-x" }));
    expect(fromHeader.context.traceId).toBe(TRACE);
    const fresh = tracing.startServer(
      "GET /e",
      carrier({ traceparent: `${good.traceparent}, ${good.traceparent}` }),
    );
    expect(fresh.context.traceId).not.toBe(TRACE);
    expect(fresh.context.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  test("an unsampled parent is obeyed, and the context still travels", () => {
    const { tracing } = fixture;
    const before = tracing.stats().spansStarted;
    const span = tracing.startServer("GET /f", carrier({ traceparent: parent(TRACE, SPAN, "02") }));
    expect(span.recording).toBe(false);
    expect(span.child("inside")).toBe(span);
    span.set("a", 1);
    span.end();
    const own = parent(TRACE, span.context.spanId, "02");
    expect(span.context.spanId).not.toBe(SPAN);
    expect(tracing.outboundHeaders(span)).toEqual({ traceparent: own });
    expect(tracing.responseHeaders(span)).toEqual({
      traceresponse: own,
      "Server-Timing": `traceparent;desc="${own}"`,
    });
    expect(tracing.redirectQuery(span)).toBe(`traceparent=${own}`);
    expect(tracing.stats().spansStarted).toBe(before);
  });

  test("the redirect carries context and state but no baggage", () => {
    const { tracing } = fixture;
    const headers = { traceparent: parent(TRACE, SPAN), tracestate: "a=1,b=x y", baggage: "user=x" };
    const span = tracing.startServer("GET /g", carrier(headers));
    const query = tracing.redirectQuery(span);
    expect(query).toBe(`traceparent=${parent(TRACE, span.context.spanId)}&tracestate=a%3D1%2Cb%3Dx%20y`);
    const items = new URLSearchParams(query);
    const next = tracing.startServer("GET /g", { header: () => null, query: (name) => items.get(name) });
    expect(next.context.traceId).toBe(TRACE);
    expect(next.context.traceState?.serialize()).toBe("a=1,b=x y");
    span.end();
    next.end();
  });
});

describe("spans", () => {
  test("children, attributes, events, links, errors", async () => {
    const root = fixture.tracing.startRoot("ais.job test", [
      { traceId: TRACE, spanId: SPAN, traceFlags: 1 },
      { traceId: "0".repeat(32), spanId: SPAN, traceFlags: 1 },
    ]);
    const child = root.child("step", 3);
    child.set("k", "first");
    child.set("k", "last");
    child.set("odd", undefined as unknown as string);
    child.event("chosen", { node: "t1", unset: undefined });
    child.exception(new TypeError("bad thing"));
    child.exception("text");
    child.fail("io_error", "disk gone");
    child.end();
    child.set("late", 1);
    child.end();
    root.end();
    const { traceId, spanId } = child.context;
    const sent = await exported(parent(traceId, spanId));
    expect(sent).toMatchObject({
      traceId: root.context.traceId,
      parentSpanId: root.context.spanId,
      kind: 3,
      flags: 0x101,
      attributes: { k: "last", "error.type": "io_error" },
      status: { code: 2, message: "disk gone" },
      events: [
        { name: "chosen", attributes: { node: "t1" } },
        {
          name: "exception",
          attributes: { "exception.type": "TypeError", "exception.message": "bad thing" },
        },
        { name: "exception", attributes: { "exception.message": "text" } },
      ],
    });
    expect(Object.keys(sent.attributes)).toEqual(["k", "error.type"]);
    expect(sent.events[1]?.attributes["exception.stacktrace"]).toContain("live-tracing.test.ts");
    expect(sent.endTimeUnixNano).toBeGreaterThan(sent.startTimeUnixNano);
    expect(Math.abs(Number(sent.startTimeUnixNano / 1_000_000n) - Date.now())).toBeLessThan(5_000);
    const sentRoot = await exported(parent(traceId, root.context.spanId));
    expect(sentRoot).toMatchObject({ kind: 1, parentSpanId: "", links: [{ traceId: TRACE, spanId: SPAN }] });
  });

  test("what is over a limit is left out or cut, and counted", async () => {
    await using limited = new TracingFixture({
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "2",
      OTEL_SPAN_EVENT_COUNT_LIMIT: "1",
      OTEL_SPAN_LINK_COUNT_LIMIT: "1",
      OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: "1",
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "4",
    });
    const { tracing } = limited;
    await tracing.configure(section({ exporter_endpoint: `http://127.0.0.1:${collector.port}` }));
    const span = tracing.startRoot("limited");
    span.set("a", "abc😀");
    span.set("b", ["12345", "1"]);
    span.set("c", 1);
    span.set("x".repeat(257), 1);
    span.event("one", { p: 1, q: 2 });
    span.event("two");
    for (const spanId of [SPAN, OTHER_SPAN]) span.link({ traceId: TRACE, spanId, traceFlags: 1 });
    span.end();
    const sent = await exported(must(tracing.outboundHeaders(span).traceparent, "header"));
    expect(sent).toMatchObject({
      name: "limi",
      attributes: { a: "abc", b: ["1234", "1"] },
      droppedAttributesCount: 1,
      events: [{ name: "one", attributes: { p: 1 } }],
      droppedEventsCount: 1,
      droppedLinksCount: 1,
    });
    expect(tracing.stats().limitsHit).toEqual({
      valueLength: 2,
      attributes: 2,
      keyLength: 1,
      events: 1,
      links: 1,
    });
  });

  test("one span never grows past its size limit", async () => {
    const span = fixture.tracing.startRoot("big");
    for (let i = 0; i < 128; i++) span.event("e", { a: "x".repeat(4096), b: "y".repeat(4096), c: i });
    span.end();
    const sent = await exported(must(fixture.tracing.outboundHeaders(span).traceparent, "header"));
    expect(sent.events).toHaveLength(128);
    expect(sent.events[0]?.attributes).toMatchObject({ c: 0 });
    expect(sent.events[127]?.attributes).not.toHaveProperty("a");
    expect(fixture.tracing.stats().limitsHit.spanSize).toBeGreaterThan(0);
  });
});

describe("off", () => {
  test("every span does nothing", async () => {
    await using off = new TracingFixture();
    const { tracing } = off;
    for (const enabled of [null, false]) {
      if (enabled !== null) await tracing.configure(section({ enabled }));
      const span = tracing.startServer("GET /", carrier({ traceparent: parent(TRACE, SPAN) }));
      expect(span).toBeInstanceOf(QuietSpan);
      expect(tracing.startRoot("job")).toBe(NOOP_SPAN);
      expect(tracing.outboundHeaders(span)).toEqual({});
      expect(tracing.responseHeaders(span)).toEqual({});
      expect(tracing.redirectQuery(span)).toBe("");
    }
    expect(tracing.stats()).toMatchObject({
      build: "oteltracing",
      enabled: false,
      endpoint: "",
      spansStarted: 0,
    });
  });

  test("OTEL_SDK_DISABLED overrides the section", async () => {
    await using off = new TracingFixture({ OTEL_SDK_DISABLED: "true" });
    await off.tracing.configure(section({ exporter_endpoint: "localhost:1" }));
    expect(off.tracing.startRoot("job")).toBe(NOOP_SPAN);
    expect(off.log.messages()).toEqual(["tracing is disabled by OTEL_SDK_DISABLED"]);
  });
});
