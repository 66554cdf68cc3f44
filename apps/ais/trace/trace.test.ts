/** `--trace`, `trace ls` and `trace show` against a cluster and a trace backend that speak over sockets. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { FakeCluster } from "@ais/client/testing/fake-cluster.fixture.ts";
import { cli } from "../testing/run-cli.fixture.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

let cluster: FakeCluster;
let backend: ReturnType<typeof startBackend>;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  cluster.buckets.set("nnn", new Map([["x", new Uint8Array(5)]]));
  backend = startBackend();
});

afterEach(async () => {
  await backend.server.stop(true);
  await cluster[Symbol.asyncDispose]();
});

interface Posted {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Record<string, unknown>[] }[];
  }[];
}

/** Jaeger's query API over fixed traces, and an OTLP receiver that keeps what it is sent. */
function startBackend() {
  const posted: Posted[] = [];
  const queries: URL[] = [];
  let arrivals = 0;
  const late = { emptySearches: 0 };
  const server = Bun.serve({
    port: 0,
    development: false,
    async fetch(request) {
      const url = new URL(request.url);
      if (request.method === "POST") {
        posted.push((await request.json()) as Posted);
        return new Response("{}");
      }
      queries.push(url);
      if (url.pathname === "/api/services") return Response.json({ data: ["aistore-proxy", "jaeger"] });
      if (url.pathname === "/api/traces")
        return Response.json({ data: late.emptySearches-- > 0 ? [] : [jaegerTrace()] });
      if (url.pathname === `/api/traces/${TRACE_ID}`) return Response.json({ data: [jaegerTrace()] });
      // The collector gets one more node's spans each time it is asked.
      const arrived = cluster.traces ? serverSpans(arrivals++) : [];
      if (arrived.length > 0) return Response.json({ data: [{ spans: arrived, processes: NODE_PROCESS }] });
      return Response.json({ data: null, errors: [{ code: 404, msg: "trace not found" }] }, { status: 404 });
    },
  });
  return { server, posted, queries, late };
}

const NODE_PROCESS = { p1: { serviceName: "node", tags: [] } };

/** A server span below the client span of each of the first requests. */
function serverSpans(count: number): readonly unknown[] {
  return cluster.requests.slice(0, count).map(({ node, method, headers }, index) => {
    const [, traceID, parent] = String(headers.traceparent).split("-");
    return {
      traceID,
      spanID: `00000000000000f${index}`,
      operationName: `${method} at the ${node}`,
      references: [{ refType: "CHILD_OF", traceID, spanID: parent }],
      startTime: Date.now() * 1000,
      duration: 100,
      tags: [{ key: "span.kind", type: "string", value: "server" }],
      logs: [],
      processID: "p1",
    };
  });
}

function jaegerTrace() {
  const tag = (key: string, value: string | boolean | number) => ({ key, type: typeof value, value });
  const span = (
    spanID: string,
    parent: string | null,
    processID: string,
    operationName: string,
    tags: unknown[],
  ) => ({
    traceID: TRACE_ID,
    spanID,
    operationName,
    references: parent === null ? [] : [{ refType: "CHILD_OF", traceID: TRACE_ID, spanID: parent }],
    startTime: 1_760_000_000_000_000 + Number.parseInt(spanID, 16) * 100,
    duration: 5000,
    tags,
    logs: [],
    processID,
  });
  return {
    traceID: TRACE_ID,
    spans: [
      span("a1", null, "p1", "GET /v1/objects/{bucket}/{object}", [
        tag("span.kind", "server"),
        tag("ais.bucket", "ais://nnn"),
      ]),
      span("a2", "a1", "p2", "GET /v1/objects/{bucket}/{object}", [
        tag("span.kind", "server"),
        tag("error", true),
      ]),
    ],
    processes: {
      p1: { serviceName: "aistore-proxy", tags: [tag("daemonID", "p7")] },
      p2: { serviceName: "aistore-target", tags: [tag("daemonID", "t8"), tag("process.pid", 42)] },
    },
  };
}

function ais(...words: readonly string[]) {
  const { port } = backend.server;
  return cli(words, {
    env: {
      AIS_ENDPOINT: cluster.endpoint,
      AIS_TRACE_ENDPOINT: `http://127.0.0.1:${port}`,
      AIS_TRACE_OTLP: `http://127.0.0.1:${port}/v1/traces`,
    },
  });
}

test("--trace sends one sampled trace on every hop, exports it, and leaves standard output alone", async () => {
  const { status, out, err } = await ais("get", "ais://nnn/x", "/dev/null", "--trace");
  expect(status).toBe(0);
  expect(out).toBe("GET and discard x from ais://nnn (5B)\n");
  const spans = backend.posted.flatMap((post) => post.resourceSpans[0]?.scopeSpans[0]?.spans ?? []);
  expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
    ["ais get", 1],
    ["GET", 3],
    ["GET", 3],
  ]);
  const [root, ...requests] = spans;
  for (const request of requests) expect(request.parentSpanId).toBe(root?.spanId as string);
  const sent = cluster.requests.map(({ headers }) => headers.traceparent);
  expect(sent).toEqual(requests.map((request) => `00-${root?.traceId}-${request.spanId}-01`));
  expect(err).toContain(`Trace: ${root?.traceId}`);
  expect(err).toContain("the cluster did not trace this command");
  expect(err).toContain("└ GET");
});

test("--trace waits for the spans of the nodes and shows them below its own", async () => {
  cluster.traces = true;
  const { err } = await ais("--trace", "get", "ais://nnn/x", "/dev/null");
  const lookups = backend.queries.filter(({ pathname }) => pathname.startsWith("/api/traces/"));
  expect(lookups).toHaveLength(3);
  expect(err).not.toContain("did not trace");
  expect(err).toContain("2 services  5 spans");
  expect(err).toMatch(/node +│ └ GET at the proxy/);
  expect(err).toMatch(/node +└ GET at the target/);
});

test("--trace marks what failed and never hides the failure", async () => {
  const { status, err } = await ais("--trace", "get", "ais://nnn/none", "-");
  expect(status).toBe(1);
  expect(err).toContain('Error: object "ais://nnn/none" does not exist');
  const [root] = backend.posted[0]?.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  expect(root?.status).toMatchObject({ code: 2 });
});

test("--trace keeps the values of settings and redirect items out of the trace", async () => {
  await ais("--trace", "config", "cluster", "auth.signature.key=hush");
  await ais("--trace", "get", "ais://nnn/x", "/dev/null");
  const text = JSON.stringify(backend.posted);
  expect(text).toContain("auth.signature.key=…");
  expect(text.match(/hush/)).toBeNull();
});

test("--trace without a collector and a backend still does the work and says so", async () => {
  const dead = "http://127.0.0.1:1";
  const { status, out, err } = await cli(["--trace", "ls"], {
    env: { AIS_ENDPOINT: cluster.endpoint, AIS_TRACE_ENDPOINT: dead, AIS_TRACE_OTLP: `${dead}/v1/traces` },
  });
  expect(status).toBe(0);
  expect(out).toContain("ais://nnn");
  expect(err).toContain("did not reach http://127.0.0.1:1/v1/traces");
  expect(err).toContain("no trace backend answers at http://127.0.0.1:1");
});

test("trace ls asks every service but the backend's own and shows summaries", async () => {
  const { out } = await ais(
    "trace",
    "ls",
    "--bucket",
    "ais://nnn",
    "--min-duration",
    "5ms",
    "--errors",
    "--limit",
    "7",
  );
  expect(out.split("\n")[0]).toMatch(/^TRACE ID +STARTED +DURATION +SPANS +ERRORS +ROOT +OBJECT$/);
  expect(out).toContain("aistore-proxy: GET /v1/objects/{bucket}/{object}");
  const searches = backend.queries.filter(({ pathname }) => pathname === "/api/traces");
  expect(searches).toHaveLength(1);
  const query = searches[0]?.searchParams;
  expect(query?.get("service")).toBe("aistore-proxy");
  expect(query?.get("minDuration")).toBe("5ms");
  expect(query?.get("limit")).toBe("7");
  expect(JSON.parse(query?.get("tags") ?? "")).toEqual({ "ais.bucket": "ais://nnn", error: "true" });
});

test("trace ls refuses what is no bucket, and finds one however it is written", async () => {
  expect(await ais("trace", "ls", "--bucket", "nnn")).toMatchObject({ status: 2 });
  expect(await ais("trace", "ls", "--bucket", "ais://nnn/o")).toMatchObject({ status: 2 });
  backend.queries.length = 0;
  await ais("trace", "ls", "--bucket", "ais://nnn/");
  const search = backend.queries.find(({ pathname }) => pathname === "/api/traces");
  expect(search?.searchParams.get("tags")).toBe('{"ais.bucket":"ais://nnn"}');
});

test("trace ls finds an operation by our name for it, and any other span by its own", async () => {
  backend.queries.length = 0;
  await ais("trace", "ls", "--operation", "object.get");
  await ais("trace", "ls", "--operation", "ais.file.read");
  const asked = backend.queries
    .filter(({ pathname }) => pathname === "/api/traces")
    .map(({ searchParams }) => [searchParams.get("operation"), searchParams.get("tags")]);
  expect(asked).toEqual([
    [null, '{"ais.operation":"object.get"}'],
    ["ais.file.read", null],
  ]);
});

test("trace show draws the waterfall, and says when there is no such trace", async () => {
  const { out } = await ais("trace", "show", TRACE_ID);
  expect(out).toContain("2 services  2 spans  5.1ms  1 error");
  expect(out).toContain("aistore-target  └ GET /v1/objects/{bucket}/{object}");
  expect(out).not.toContain("daemonID");
  const verbose = (await ais("trace", "show", "-v", TRACE_ID)).out;
  expect(verbose).toEndWith(
    "process 1  aistore-proxy\n  daemonID=p7\nprocess 2  aistore-target\n  daemonID=t8\n  process.pid=42\n",
  );
  expect(await ais("trace", "show", "abcd")).toMatchObject({ status: 1 });
  expect((await ais("trace", "show", "abcd")).err).toContain('trace "abcd" not found');
  expect((await ais("trace", "show", "xyz")).status).toBe(2);
});

test("trace diff compares two traces of the backend, and names the one that is not there", async () => {
  const { out } = await ais("trace", "diff", TRACE_ID, TRACE_ID.toUpperCase());
  expect(out).toContain(`before  ${TRACE_ID}`);
  expect(out).toMatch(/aistore-target +└ GET \S+ +5ms ! +5ms ! +0 +0\n/);
  const { spans } = JSON.parse((await ais("trace", "diff", TRACE_ID, TRACE_ID, "--json")).out);
  expect(spans[0]).toMatchObject({
    service: "aistore-proxy",
    changeUs: 0,
    children: [{ after: { errors: 1 } }],
  });
  const missing = await ais("trace", "diff", TRACE_ID, "abcd");
  expect([missing.status, missing.err]).toEqual([1, expect.stringContaining('trace "abcd" not found')]);
  expect((await ais("trace", "diff", TRACE_ID, "xyz")).status).toBe(2);
  expect((await ais("trace", "diff", TRACE_ID)).status).toBe(2);
});

test("the first traces of all are waited for; a search that finds nothing answers at once", async () => {
  backend.late.emptySearches = 2;
  const { out } = await ais("trace", "ls");
  expect(out).toContain(TRACE_ID);
  expect(backend.queries.filter(({ pathname }) => pathname === "/api/traces")).toHaveLength(3);
  backend.late.emptySearches = 1;
  const none = await ais("trace", "ls", "--operation", "object.get");
  expect(none.out).toMatch(/^No traces found at http/);
  expect(none.err).toContain("a second or two after their requests");
  expect(backend.queries.filter(({ pathname }) => pathname === "/api/traces")).toHaveLength(4);
});
