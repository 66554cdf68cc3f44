/** `tracing.trust_inbound=never`: what is believed, and what becomes of the rest. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { must } from "@ais/base/assert.ts";
import { type Clock, systemClock } from "@ais/base/clock.ts";
import { Collector } from "../fixtures/collector.ts";
import { carrier, section, TracingFixture } from "../fixtures/tracing-fixture.ts";
import type { OtlpSpan } from "../otlp/types.ts";
import type { InboundCarrier, Span } from "../types.ts";
import { ContextSigner, SIGNATURE_TTL_MS } from "./context-signer.ts";

const KEY = randomBytes(32);
const STRANGER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const [, STRANGER_TRACE = "", STRANGER_SPAN = ""] = STRANGER.split("-");
const PATH = "/v1/objects/nnn/obj";

let collector: Collector;
/** Two nodes of one cluster, and one of another. */
let proxy: TracingFixture;
let target: TracingFixture;
let foreign: TracingFixture;

beforeAll(async () => {
  collector = await Collector.start();
  const node = async (key: Uint8Array): Promise<TracingFixture> => {
    const fixture = new TracingFixture();
    const endpoint = `http://127.0.0.1:${collector.port}`;
    await fixture.tracing.configure(section({ exporter_endpoint: endpoint, trust_inbound: "never" }), key);
    return fixture;
  };
  [proxy, target, foreign] = await Promise.all([node(KEY), node(KEY), node(randomBytes(32))]);
});
afterAll(async () => {
  for (const fixture of [proxy, target, foreign]) await fixture[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

/** A request as the pipeline shows it. */
function request(path: string, headers: Readonly<Record<string, string>> = {}, query = ""): InboundCarrier {
  const items = new URLSearchParams(query);
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    ...carrier(lower),
    query: (name) => items.get(name),
    facts: () => ({ operation: "object.get", bucket: "ais://nnn", sizeBytes: null, path }),
  };
}

function serve(fixture: TracingFixture, inbound: InboundCarrier): Span {
  const span = fixture.tracing.startServer("GET /x", inbound);
  span.end();
  return span;
}

async function exported({ context }: Span): Promise<OtlpSpan> {
  const find = () => collector.spans.find(({ spanId }) => spanId === context.spanId);
  await collector.until(() => find() !== undefined);
  return must(find(), "the span was exported");
}

async function expectNewTrace(span: Span, linkedTrace: string): Promise<void> {
  const sent = await exported(span);
  expect(sent.parentSpanId).toBe("");
  expect(sent.links.map(({ traceId }) => traceId)).toEqual([linkedTrace]);
  expect(sent.traceId).not.toBe(linkedTrace);
}

describe("a caller's headers", () => {
  test("begin a new trace that is linked to the caller's", async () => {
    const headers = { traceparent: STRANGER, tracestate: "a=1", baggage: "user=x" };
    const span = serve(proxy, request(PATH, headers));
    await expectNewTrace(span, STRANGER_TRACE);
    expect((await exported(span)).links[0]).toMatchObject({ spanId: STRANGER_SPAN, traceState: "a=1" });
    const out = proxy.tracing.outboundHeaders(span, "t1", PATH);
    expect(Object.keys(out).sort()).toEqual(["Ais-Trace-Signature", "traceparent"]);
  });

  test("force nothing, by the sampled flag or by name", async () => {
    await using strict = new TracingFixture();
    const settings = {
      exporter_endpoint: "localhost:1",
      sampler_probability: "0",
      trust_inbound: "never",
    } as const;
    await strict.tracing.configure(section({ ...settings, tail: { errors: false, slow: {} } }), KEY);
    for (const headers of [
      { traceparent: STRANGER },
      { "ais-trace": "1" },
      { traceparent: STRANGER, "ais-trace": "1" },
    ])
      expect(serve(strict, request(PATH, headers)).context.traceFlags).toBe(0);
    expect(strict.tracing.stats().spansStarted).toBe(0);
  });
});

describe("a redirect", () => {
  test("is believed, and the client's own headers become a link", async () => {
    const before = serve(proxy, request(PATH, { traceparent: STRANGER }));
    const query = proxy.tracing.redirectQuery(before, "t1", PATH);
    expect(query).toMatch(/^traceparent=00-[0-9a-f-]{52}&tracesig=[\w.-]+$/);
    const after = serve(target, request(PATH, { traceparent: STRANGER }, query));
    expect(after.context.traceId).toBe(before.context.traceId);
    expect(await exported(after)).toMatchObject({
      parentSpanId: before.context.spanId,
      links: [{ traceId: STRANGER_TRACE }],
    });
  });

  test.each([
    ["of another object", (query: string) => query, "/v1/objects/nnn/other"],
    ["with another span", (query: string) => query.replace(/-[0-9a-f]{16}-/, `-${STRANGER_SPAN}-`), PATH],
    ["with another trace", (query: string) => query.replace(/00-[0-9a-f]{32}/, `00-${STRANGER_TRACE}`), PATH],
    ["made to be sampled", (query: string) => query.replace("-01&", "-03&"), PATH],
    ["with a state put in", (query: string) => `${query}&tracestate=a%3D1`, PATH],
    ["that lasts longer", (query: string) => query.replace(/tracesig=\w/, "tracesig=z"), PATH],
    ["without a signature", (query: string) => query.replace(/&tracesig=.*/, ""), PATH],
    ["with an empty signature", (query: string) => query.replace(/tracesig=.*/, "tracesig="), PATH],
    ["with another signature", (query: string) => query.replace(/\.[\w-]{22}/, `.${"A".repeat(22)}`), PATH],
    ["with a cut signature", (query: string) => query.slice(0, -1), PATH],
  ])("%s is not", async (_, forge, path) => {
    const before = serve(proxy, request(PATH));
    const query = forge(proxy.tracing.redirectQuery(before, "t1", PATH));
    const after = serve(target, request(path, {}, query));
    await expectNewTrace(after, must(/traceparent=00-([0-9a-f]{32})/.exec(query)?.[1], "trace id"));
  });

  test("of another cluster is not", async () => {
    const before = serve(foreign, request(PATH));
    const query = foreign.tracing.redirectQuery(before, "t1", PATH);
    await expectNewTrace(serve(target, request(PATH, {}, query)), before.context.traceId);
  });

  test("carries the caller's state of an unsampled trace too, signed as it travels", () => {
    const signer = new ContextSigner(KEY, systemClock);
    const traceParent = STRANGER.replace(/01$/, "00");
    const signature = signer.sign({ traceParent, traceState: "a=1,b=x y", path: PATH });
    const query = `traceparent=${traceParent}&tracestate=a%3D1%2Cb%3Dx%20y&tracesig=${signature}`;
    const span = serve(target, request(PATH, {}, query));
    expect(span.context).toMatchObject({ traceId: STRANGER_TRACE, traceFlags: 0 });
    expect(span.context.traceState?.serialize()).toBe("a=1,b=x y");
  });
});

test("calls between nodes are believed for their path only", () => {
  const before = serve(proxy, request(PATH));
  const headers = proxy.tracing.outboundHeaders(before, "t1", "/v1/intra/list");
  expect(serve(target, request("/v1/intra/list", headers)).context.traceId).toBe(before.context.traceId);
  expect(serve(target, request("/v1/intra/sync", headers)).context.traceId).not.toBe(before.context.traceId);
  expect(serve(foreign, request("/v1/intra/list", headers)).context.traceId).not.toBe(before.context.traceId);
});

test("without a key nobody is believed, and nothing is signed", async () => {
  await using lonely = new TracingFixture();
  await lonely.tracing.configure(section({ exporter_endpoint: "localhost:1", trust_inbound: "never" }));
  const before = serve(proxy, request(PATH));
  const query = proxy.tracing.redirectQuery(before, "t1", PATH);
  const span = serve(lonely, request(PATH, {}, query));
  expect(span.context.traceId).not.toBe(before.context.traceId);
  expect(lonely.tracing.redirectQuery(span, "t1", PATH)).not.toContain("tracesig");
});

test("where everybody is believed nothing is signed", async () => {
  await using trusting = new TracingFixture();
  await trusting.tracing.configure(section({ exporter_endpoint: "localhost:1" }), KEY);
  const span = serve(trusting, request(PATH, { traceparent: STRANGER }));
  expect(span.context.traceId).toBe(STRANGER_TRACE);
  expect(trusting.tracing.redirectQuery(span, "t1", PATH)).not.toContain("tracesig");
  expect(trusting.tracing.outboundHeaders(span, "t1", PATH)).not.toHaveProperty("Ais-Trace-Signature");
});

test("a signature ends", () => {
  let nowMs = 1_000_000;
  const clock: Clock = { ...systemClock, nowMs: () => nowMs };
  const signer = new ContextSigner(KEY, clock);
  const context = { traceParent: STRANGER, traceState: "", path: PATH };
  const signature = signer.sign(context);
  nowMs += SIGNATURE_TTL_MS - 1;
  expect(signer.verify(signature, context)).toBe(true);
  nowMs += 1;
  expect(signer.verify(signature, context)).toBe(false);
  expect(signer.verify(null, context)).toBe(false);
});
