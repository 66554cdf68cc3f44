/**
 * The gate (tracing.md 9): a cluster of the deployable build, clients that know nothing of tracing, and the exported
 * span tree of one create, one PUT and one GET. Then the same with the plain build, which must export nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, oneSpan, TestCollector } from "@ais/testkit/collector.ts";
import { CURL, curl } from "@ais/testkit/curl.ts";
import { type BuiltNode, buildAisnode } from "./builds.fixture.ts";

const PROXY = "aistore-proxy";
const TARGET = "aistore-target";
const PUT = "PUT /v1/objects/{bucket}/{object}";
const GET = "GET /v1/objects/{bucket}/{object}";
const SERVER = 2;

/** One exchange on a bare socket-level client: no fetch instrumentation, no redirect handling but this. */
async function follow(
  method: string,
  url: string,
  body?: Uint8Array,
): Promise<{ status: number; body: Buffer }> {
  for (let hop = 0; hop < 3; hop++) {
    const reply = await exchange(method, url, body);
    if (reply.location === null) return reply;
    url = reply.location;
  }
  throw new Error(`too many redirects: ${url}`);
}

function exchange(
  method: string,
  url: string,
  body?: Uint8Array,
): Promise<{ status: number; body: Buffer; location: string | null }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method, headers: body ? { "content-length": String(body.length) } : {} },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            body: Buffer.concat(chunks),
            location: incoming.headers.location ?? null,
          }),
        );
        incoming.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function createBucket(cluster: TestCluster, bucket: string): Promise<{ status: number }> {
  const body = new TextEncoder().encode(JSON.stringify({ action: "create-bck", name: "", value: null }));
  return exchange("POST", `${cluster.url}/v1/buckets/${bucket}?provider=ais`, body);
}

/** The complete trace of the newest request of that name: it has server spans of both daemons. */
function traceOf(collector: TestCollector, name: string, object?: string): Promise<readonly CollectedSpan[]> {
  return collector.until(() => {
    const ids = collector.spans
      .filter((span) => span.name === name && span.serviceName === PROXY)
      .filter((span) => object === undefined || span.attributes["ais.object"] === object)
      .map((span) => span.traceId);
    return bothServers(collector, ids.at(-1) ?? "");
  });
}

/** The trace, once it has server spans of both daemons. */
function bothServers(collector: TestCollector, traceId: string): readonly CollectedSpan[] | null {
  const servers = collector.trace(traceId).filter((span) => span.kind === SERVER);
  return [PROXY, TARGET].every((name) => servers.some((span) => span.serviceName === name))
    ? collector.trace(traceId)
    : null;
}

function children(trace: readonly CollectedSpan[], parent: CollectedSpan): readonly CollectedSpan[] {
  return trace.filter((span) => span.parentSpanId === parent.spanId);
}

function expectOneTree(trace: readonly CollectedSpan[]): void {
  const ids = new Set(trace.map((span) => span.spanId));
  expect(trace.filter((span) => span.parentSpanId === "")).toHaveLength(1);
  for (const span of trace) {
    expect(span.parentSpanId === "" || ids.has(span.parentSpanId)).toBe(true);
    expect(span.endTimeUnixNano).toBeGreaterThanOrEqual(span.startTimeUnixNano);
  }
}

describe("build with tracing", () => {
  let built: BuiltNode;
  let collector: TestCollector;
  let cluster: TestCluster;

  beforeAll(async () => {
    built = await buildAisnode(["oteltracing"]);
    collector = await TestCollector.start();
    cluster = await TestCluster.start({ targets: 2, build: built, tracingEndpoint: collector.endpoint });
  });

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await collector?.[Symbol.asyncDispose]();
    await built?.[Symbol.asyncDispose]();
  });

  test("creating a bucket is one trace over the proxy and every target", async () => {
    expect((await createBucket(cluster, "nnn")).status).toBe(200);
    const { traceId } = oneSpan(
      await traceOf(collector, "POST /v1/buckets/{bucket}"),
      "POST /v1/buckets/{bucket}",
    );
    const trace = await collector.until(() => {
      const spans = collector.trace(traceId);
      const targets = spans.filter((span) => span.serviceName === TARGET && span.kind === SERVER);
      return new Set(targets.map((span) => span.resource["service.instance.id"])).size === 2 ? spans : null;
    });
    expectOneTree(trace);
    expect(oneSpan(trace, "POST /v1/buckets/{bucket}").attributes["ais.bucket"]).toBe("ais://nnn");
  });

  test.each([
    ["inline", 1_000],
    ["file", 300_000],
  ] as const)(
    "PUT and GET of an %s object: target below redirect, storage below target",
    async (layout, size) => {
      const content = Buffer.alloc(size, layout);
      const put = await follow("PUT", `${cluster.url}/v1/objects/nnn/${layout}`, content);
      expect(put.status).toBe(200);
      const putTrace = await traceOf(collector, PUT, layout);
      expectOneTree(putTrace);
      const putTarget = expectRedirect(putTrace, PUT);
      expect(children(putTrace, putTarget).map((span) => span.name)).toContain("ais.index.commit");
      expect(children(putTrace, putTarget).some((span) => span.name === "ais.file.write")).toBe(
        layout === "file",
      );

      const got = await follow("GET", `${cluster.url}/v1/objects/nnn/${layout}`);
      expect(got.status).toBe(200);
      expect(got.body.equals(content)).toBe(true);
      const getTrace = await traceOf(collector, GET, layout);
      expectOneTree(getTrace);
      const getTarget = expectRedirect(getTrace, GET);
      expect(children(getTrace, getTarget).map((span) => span.name)).toContain("ais.index.lookup");
      const read = oneSpan(children(getTrace, getTarget), "ais.file.read");
      expect(read.attributes["ais.sendfile"] === true).toBe(layout === "file");
      expect(getTarget.attributes["http.response.status_code"]).toBe(200);
      expect(getTrace[0]?.traceId).not.toBe(putTrace[0]?.traceId);
    },
  );

  test.skipIf(CURL === null)("curl -L, with and without Expect, makes one trace as well", async () => {
    const file = join(cluster.directory, "upload");
    await Bun.write(file, Buffer.alloc(2_000_000, 7));
    await curl("-L", "-T", file, `${cluster.url}/v1/objects/nnn/by-curl`);
    expectRedirect(await traceOf(collector, PUT, "by-curl"), PUT);
    await curl("-L", "-H", "Expect:", "-T", file, `${cluster.url}/v1/objects/nnn/by-curl-2`);
    expectRedirect(await traceOf(collector, PUT, "by-curl-2"), PUT);
    const out = join(cluster.directory, "download");
    await curl("-L", "-o", out, `${cluster.url}/v1/objects/nnn/by-curl`);
    expect(readFileSync(out).equals(readFileSync(file))).toBe(true);
    expectRedirect(await traceOf(collector, GET, "by-curl"), GET);
  });

  test("the caller's context is continued, and told back with the reply", async () => {
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const reply = await fetch(`${cluster.url}/v1/objects/nnn/inline`, {
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    });
    await reply.arrayBuffer();
    expect(reply.headers.get("traceresponse")).toStartWith(`00-${traceId}-`);
    expect(reply.headers.get("server-timing")).toContain(traceId);
    const trace = await collector.until(() => bothServers(collector, traceId));
    expect(oneSpan(trace, GET, PROXY).parentSpanId).toBe("00f067aa0ba902b7");
  });

  test("an error is in the trace and its reply names the trace", async () => {
    const reply = await fetch(`${cluster.url}/v1/objects/nnn/missing`);
    expect(reply.status).toBe(404);
    const traceId = (reply.headers.get("traceresponse") ?? "").split("-")[1] ?? "";
    const trace = await collector.until(() => bothServers(collector, traceId));
    const target = oneSpan(trace, GET, TARGET);
    expect(target.attributes["http.response.status_code"]).toBe(404);
    expect(target.status.code).toBe(0);
  });

  test("no span, of any kind, keeps the redirect's context in its query", () => {
    expect(collector.spans.length).toBeGreaterThan(10);
    for (const span of collector.spans)
      expect(JSON.stringify(span.attributes, bigints)).not.toContain("traceparent=00");
  });

  test("the resource names the node", () => {
    const span = collector.spans.find((candidate) => candidate.serviceName === TARGET);
    expect(span?.resource["service.version"]).toStartWith("5.0");
    expect(span?.resource["service.instance.id"]).toBe(span?.resource["daemonID"] as string);
    expect(span?.resource["ip"]).toBe("127.0.0.1");
  });

  test("SIGTERM exits 0 and the last spans are flushed", async () => {
    await follow("PUT", `${cluster.url}/v1/objects/nnn/last`, Buffer.from("x"));
    expect(await Promise.all(cluster.daemons.map((daemon) => daemon.end("SIGTERM")))).toEqual([0, 0, 0]);
    expectRedirect(await traceOf(collector, PUT, "last"), PUT);
  });
});

/** Checks the pair of server spans around the redirect and returns the target's. */
function expectRedirect(trace: readonly CollectedSpan[], name: string): CollectedSpan {
  const proxy = oneSpan(trace, name, PROXY);
  const target = oneSpan(trace, name, TARGET);
  expect(target.parentSpanId).toBe(proxy.spanId);
  expect(target.kind).toBe(SERVER);
  expect(proxy.kind).toBe(SERVER);
  expect(proxy.attributes["ais.redirect.node"]).toBe(target.resource["service.instance.id"] as string);
  expect(proxy.events.map((event) => event.name)).toContain("ais.hrw");
  return target;
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

describe("plain build", () => {
  let built: BuiltNode;
  let collector: TestCollector;
  let cluster: TestCluster;

  beforeAll(async () => {
    built = await buildAisnode([]);
    collector = await TestCollector.start();
    cluster = await TestCluster.start({ targets: 2, build: built, tracingEndpoint: collector.endpoint });
  });

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await collector?.[Symbol.asyncDispose]();
    await built?.[Symbol.asyncDispose]();
  });

  test("the bundle holds no OpenTelemetry or gRPC code", () => {
    const bundle = readFileSync(join(built.folder, "aisnode.js"), "utf8");
    expect(bundle).not.toMatch(/opentelemetry|grpc-js|TraceService/i);
  });

  test("serves, keeps the section, sends no trace headers and exports nothing", async () => {
    expect((await createBucket(cluster, "nnn")).status).toBe(200);
    const content = Buffer.alloc(100_000, "plain");
    expect((await follow("PUT", `${cluster.url}/v1/objects/nnn/o`, content)).status).toBe(200);
    expect((await follow("GET", `${cluster.url}/v1/objects/nnn/o`)).body.equals(content)).toBe(true);
    const reply = await exchange("GET", `${cluster.url}/v1/objects/nnn/o`);
    expect(reply.location).not.toContain("traceparent");
    const config = (await (await fetch(`${cluster.url}/v1/cluster?what=cluster_config`)).json()) as {
      tracing: { enabled: boolean; exporter_endpoint: string };
    };
    expect(config.tracing).toMatchObject({ enabled: true, exporter_endpoint: collector.endpoint });
    expect(await Promise.all(cluster.daemons.map((daemon) => daemon.end("SIGTERM")))).toEqual([0, 0, 0]);
    expect(collector.spans).toEqual([]);
    expect(cluster.daemons.map((daemon) => daemon.output).join("")).toContain("built without tracing");
  });
});
