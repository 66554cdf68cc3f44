/**
 * The gate of tracing.md 9: a cluster of real processes, clients that know nothing of tracing, and the span tree that a
 * collector receives.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { OtlpSpan } from "@ais/tracing/otlp/types.ts";
import { Collector, spansOf } from "@ais/tracing/test-support/collector.ts";
import { SPAN_KIND } from "@ais/tracing/types.ts";
import { clusterDirectory, NodeProcess } from "./testing/node-process.ts";

const TIMEOUT_MS = 20_000;
const PROXY = "aistore-proxy";
const TARGET = "aistore-target";
const OBJECT_ROUTE = "/v1/objects/{bucket}/{object}";

const stack = new AsyncDisposableStack();
let collector: Collector;
let proxy: NodeProcess;

beforeAll(async () => {
  collector = stack.use(await Collector.start());
  const directories = stack.use(await clusterDirectory());
  const options = {
    tags: ["oteltracing"],
    env: { AIS_TRACING_ENDPOINT: `localhost:${collector.port}`, OTEL_BSP_SCHEDULE_DELAY: "50" },
  };
  const [first, ...targets] = await Promise.all([
    NodeProcess.start(directories.proxyArgs("proxy-one"), options),
    NodeProcess.start(directories.targetArgs("target-one"), options),
    NodeProcess.start(directories.targetArgs("target-two"), options),
  ]);
  proxy = stack.use(first);
  for (const target of targets) stack.use(target);
}, TIMEOUT_MS);

afterAll(() => stack.disposeAsync());

interface ReceivedSpan extends OtlpSpan {
  readonly service: unknown;
}

type Expected = readonly [name: string, service: string, count: number];

/** The trace of a request by the id in its reply, once the expected spans are in: nodes export at their own pace. */
async function traceOf(reply: Response, ...expected: readonly Expected[]): Promise<readonly ReceivedSpan[]> {
  const traceId = reply.headers.get("traceresponse")?.split("-")[1] ?? "";
  expect(traceId).toMatch(/^[0-9a-f]{32}$/);
  const inTrace = (): ReceivedSpan[] =>
    collector.received
      .flatMap(({ spans }) => spans)
      .flatMap((part) =>
        spansOf(part).map((span) => ({ ...span, service: part.resource.attributes["service.name"] })),
      )
      .filter((span) => span.traceId === traceId);
  const isComplete = ([name, service, count]: Expected): boolean =>
    inTrace().filter((span) => span.name === name && span.service === service).length >= count;
  await collector.until(() => expected.every(isComplete));
  return inTrace();
}

function one(spans: readonly ReceivedSpan[], name: string, service: string): ReceivedSpan {
  const found = spans.filter((span) => span.name === name && span.service === service);
  expect([name, service, found.length]).toEqual([name, service, 1]);
  const [span] = found;
  if (span === undefined) throw new Error("unreachable");
  return span;
}

function childrenOf(parent: OtlpSpan, spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return spans.filter((span) => span.parentSpanId === parent.spanId);
}

test(
  "creating a bucket is one trace over every node",
  async () => {
    const reply = await fetch(`${proxy.url}/v1/buckets/nnn`, {
      method: "POST",
      body: '{"action":"create-bck"}',
    });
    expect(reply.status).toBe(200);
    const spans = await traceOf(
      reply,
      ["POST /v1/buckets/{bucket}", PROXY, 1],
      ["POST /v1/intra/sync", TARGET, 2],
    );
    const root = one(spans, "POST /v1/buckets/{bucket}", PROXY);
    expect([root.parentSpanId, root.kind, root.attributes["ais.operation"]]).toEqual([
      "",
      SPAN_KIND.server,
      "bucket.create",
    ]);
    const broadcast = one(spans, "ais.broadcast intra.sync", PROXY);
    expect(broadcast.parentSpanId).toBe(root.spanId);
    const calls = childrenOf(broadcast, spans);
    expect(calls.map((call) => call.kind)).toEqual([SPAN_KIND.client, SPAN_KIND.client]);
    const served = calls.flatMap((call) => childrenOf(call, spans));
    expect(served.map((span) => [span.name, span.service, span.kind])).toEqual(
      Array(2).fill(["POST /v1/intra/sync", TARGET, SPAN_KIND.server]),
    );
  },
  TIMEOUT_MS,
);

test.each(["PUT", "GET", "HEAD", "DELETE"])(
  "%s of an object is one trace across the redirect",
  async (method) => {
    const url = `${proxy.url}/v1/objects/nnn/dir/README.md`;
    const reply = await fetch(url, { method, ...(method === "PUT" ? { body: "x".repeat(100_000) } : {}) });
    expect(reply.status).toBe(200);
    await reply.arrayBuffer();
    const name = `${method} ${OBJECT_ROUTE}`;
    const spans = await traceOf(reply, [name, PROXY, 1], [name, TARGET, 1]);
    const redirect = one(spans, name, PROXY);
    const served = one(spans, name, TARGET);
    expect([redirect.parentSpanId, redirect.kind]).toEqual(["", SPAN_KIND.server]);
    expect([served.parentSpanId, served.kind]).toEqual([redirect.spanId, SPAN_KIND.server]);
    expect(redirect.events.map((event) => event.name)).toEqual(["ais.hrw"]);
    expect(redirect.attributes["http.response.status_code"]).toBe(method === "GET" ? 301 : 307);
    expect(served.attributes).toMatchObject({ "ais.bucket": "ais://nnn", "ais.object": "dir/README.md" });
    expect(Object.values(served.attributes).join()).not.toContain("traceparent");
    if (method !== "HEAD") expect(childrenOf(served, spans).length).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test(
  "a client that traces gets its own trace continued",
  async () => {
    const traceparent = `00-${"5".repeat(32)}-${"7".repeat(16)}-01`;
    const reply = await fetch(`${proxy.url}/v1/objects/nnn/none`, { headers: { traceparent } });
    expect(reply.status).toBe(404);
    const spans = await traceOf(reply, [`GET ${OBJECT_ROUTE}`, PROXY, 1], [`GET ${OBJECT_ROUTE}`, TARGET, 1]);
    expect(spans.every((span) => span.traceId === "5".repeat(32))).toBe(true);
    expect(one(spans, `GET ${OBJECT_ROUTE}`, PROXY).parentSpanId).toBe("7".repeat(16));
  },
  TIMEOUT_MS,
);

test(
  "a listing shows the fan-out to every target",
  async () => {
    const spans = await traceOf(
      await fetch(`${proxy.url}/v1/buckets/nnn`),
      ["ais.broadcast object.list", PROXY, 1],
      ["POST", PROXY, 2],
      ["POST /v1/intra/list", TARGET, 2],
    );
    const broadcast = one(spans, "ais.broadcast object.list", PROXY);
    const peers = childrenOf(broadcast, spans).map((call) => call.attributes["ais.peer"]);
    expect(peers.sort()).toEqual(["t[target-one]", "t[target-two]"]);
  },
  TIMEOUT_MS,
);

test(
  "tracing is switched off and on by the cluster config, with no restart",
  async () => {
    const configure = (query: string) =>
      fetch(`${proxy.url}/v1/cluster/set-config?${query}`, { method: "PUT" });
    const config = await (await fetch(`${proxy.url}/v1/cluster?what=cluster_config`)).json();
    expect(config).toMatchObject({
      tracing: { enabled: true, exporter_endpoint: `localhost:${collector.port}` },
    });
    expect((await configure("tracing.enabled=false")).status).toBe(200);
    expect((await fetch(`${proxy.url}/v1/buckets`)).headers.get("traceresponse")).toBeNull();
    expect((await configure("tracing.enabled=true")).status).toBe(200);
    await traceOf(await fetch(`${proxy.url}/v1/buckets`), ["GET /v1/buckets", PROXY, 1]);
  },
  TIMEOUT_MS,
);
