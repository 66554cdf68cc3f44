import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { TestAistrace } from "../aistrace.fixture.ts";
import { spanId, traceId } from "../spans.fixture.ts";
import type { JaegerTrace } from "./jaeger-types.ts";

interface Reply<T> {
  readonly data: T;
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly errors: readonly { code?: number; msg: string; traceID?: string }[] | null;
}

const T = Date.now() - 60_000;
let aistrace: TestAistrace;

beforeAll(async () => {
  aistrace = await TestAistrace.start();
  await aistrace.send([
    {
      traceId: traceId(1),
      spanId: spanId(1),
      service: "web",
      resource: { "host.name": "h1" },
      name: "GET /",
      kind: 1,
      startMs: T,
      durationMs: 12.5,
      attributes: { path: "/a b", size: 42, ratio: 0.5, ok: true, list: ["x", "y"] },
      events: [{ name: "cache.miss", timeMs: T + 1, attributes: { key: "k" } }],
      links: [{ traceId: traceId(9), spanId: spanId(9) }],
    },
    {
      traceId: traceId(1),
      spanId: spanId(2),
      parentSpanId: spanId(1),
      service: "db",
      name: "SELECT",
      kind: 2,
      startMs: T + 2,
      durationMs: 3,
      error: true,
      statusMessage: "deadlock",
    },
  ]);
  await aistrace.send([
    { traceId: `${"0".repeat(28)}beef`, spanId: spanId(3), service: "web", name: "PUT /", startMs: T + 1000 },
  ]);
});
afterAll(() => aistrace[Symbol.asyncDispose]());

function get<T>(path: string): Promise<Reply<T>> {
  return aistrace.json(path);
}

test("services and operations", async () => {
  expect(await get("/api/services")).toEqual({
    data: ["db", "web"],
    total: 2,
    limit: 0,
    offset: 0,
    errors: null,
  });
  expect((await get("/api/services/web/operations")).data).toEqual(["GET /", "PUT /"]);
  expect((await get("/api/operations?service=web")).data).toEqual([
    { name: "GET /", spanKind: "server" },
    { name: "PUT /", spanKind: "internal" },
  ]);
  expect((await get("/api/operations?service=web&spanKind=server")).data).toEqual([
    { name: "GET /", spanKind: "server" },
  ]);
  expect((await get("/api/services/none/operations")).data).toEqual([]);
});

test("a trace in Jaeger's model", async () => {
  const { data } = await get<JaegerTrace[]>(`/api/traces/${traceId(1)}`);
  expect(data).toEqual([
    {
      traceID: traceId(1),
      spans: [
        {
          traceID: traceId(1),
          spanID: spanId(1),
          flags: 1,
          operationName: "GET /",
          references: [{ refType: "FOLLOWS_FROM", traceID: traceId(9), spanID: spanId(9) }],
          startTime: T * 1000,
          duration: 12_500,
          tags: [
            { key: "otel.scope.name", type: "string", value: "test" },
            { key: "otel.scope.version", type: "string", value: "1.0" },
            { key: "path", type: "string", value: "/a b" },
            { key: "size", type: "int64", value: 42 },
            { key: "ratio", type: "float64", value: 0.5 },
            { key: "ok", type: "bool", value: true },
            { key: "list", type: "string", value: '["x","y"]' },
            { key: "span.kind", type: "string", value: "server" },
          ],
          logs: [
            {
              timestamp: (T + 1) * 1000,
              fields: [
                { key: "event", type: "string", value: "cache.miss" },
                { key: "key", type: "string", value: "k" },
              ],
            },
          ],
          processID: "p1",
          warnings: null,
        },
        {
          traceID: traceId(1),
          spanID: spanId(2),
          flags: 1,
          operationName: "SELECT",
          references: [{ refType: "CHILD_OF", traceID: traceId(1), spanID: spanId(1) }],
          startTime: (T + 2) * 1000,
          duration: 3000,
          tags: [
            { key: "otel.scope.name", type: "string", value: "test" },
            { key: "otel.scope.version", type: "string", value: "1.0" },
            { key: "span.kind", type: "string", value: "client" },
            { key: "otel.status_code", type: "string", value: "ERROR" },
            { key: "error", type: "bool", value: true },
            { key: "otel.status_description", type: "string", value: "deadlock" },
          ],
          logs: [],
          processID: "p2",
          warnings: null,
        },
      ],
      processes: {
        p1: { serviceName: "web", tags: [{ key: "host.name", type: "string", value: "h1" }] },
        p2: { serviceName: "db", tags: [] },
      },
      warnings: null,
    },
  ]);
});

test("ids without their leading zeros are found; unknown and broken ones are told apart", async () => {
  expect((await get<JaegerTrace[]>("/api/traces/beef")).data[0]?.spans).toHaveLength(1);
  const missing = await aistrace.get(`/api/traces/${traceId(404)}`);
  expect(missing.status).toBe(404);
  expect(await missing.json()).toEqual({
    data: null,
    total: 0,
    limit: 0,
    offset: 0,
    errors: [{ code: 404, msg: "trace not found" }],
  });
  for (const id of ["xyz", "f".repeat(33), "%2e"]) {
    expect([id, (await aistrace.get(`/api/traces/${id}`)).status]).toEqual([id, 400]);
  }
});

test("a search gives whole traces by service, operation, tags and duration", async () => {
  const found = async (query: string): Promise<string[]> =>
    (await get<JaegerTrace[]>(`/api/traces?${query}`)).data.map(({ traceID }) => traceID);
  const second = `${"0".repeat(28)}beef`;
  expect(await found("service=web&lookback=1h&limit=20")).toEqual([second, traceId(1)]);
  expect(await found("service=web&operation=GET%20%2F")).toEqual([traceId(1)]);
  expect(await found(`service=web&tags=${encodeURIComponent('{"size":"42","ok":"true"}')}`)).toEqual([
    traceId(1),
  ]);
  expect(await found("service=web&tag=path:/a%20b")).toEqual([traceId(1)]);
  expect(await found(`service=db&tags=${encodeURIComponent('{"error":"true"}')}`)).toEqual([traceId(1)]);
  expect(await found("service=web&minDuration=10ms&maxDuration=1s")).toEqual([traceId(1)]);
  expect(await found("service=web&limit=1")).toEqual([second]);
  expect(await found(`service=web&start=${T * 1000}&end=${T * 1000 + 1}`)).toEqual([traceId(1)]);
  expect(await found(`service=web&start=${(T - 2000) * 1000}&end=${(T - 1000) * 1000}`)).toEqual([]);
});

test("traces by id come with an error for each that is missing", async () => {
  const reply = await get<JaegerTrace[]>(`/api/traces?traceID=${traceId(1)}&traceID=abc123`);
  expect(reply.data.map(({ traceID }) => traceID)).toEqual([traceId(1)]);
  expect(reply.errors).toEqual([{ msg: "trace not found", traceID: "abc123".padStart(32, "0") }]);
});

test("parameters are checked as Jaeger checks them", async () => {
  const bad = {
    "": "parameter 'service' is required",
    "service=web&start=x": "unable to parse param 'start'",
    "service=web&minDuration=5": "unable to parse param 'minDuration'",
    "service=web&minDuration=2s&maxDuration=1s": "'maxDuration' should be greater than 'minDuration'",
    "service=web&tags=x": "malformed 'tags' parameter",
    "service=web&tags=%7B%22a%22%3A1%7D": "malformed 'tags' parameter",
    "service=web&tag=x": "malformed 'tag' parameter, expecting key:value, received: x",
    "service=web&limit=ten": "unable to parse param 'limit'",
    "service=web&limit=0": "unable to parse param 'limit': 0 is less than 1",
    "service=web&limit=-1": "unable to parse param 'limit': -1 is less than 1",
    "traceID=zz": "cannot parse traceID param",
  };
  for (const [query, message] of Object.entries(bad)) {
    const response = await aistrace.get(`/api/traces?${query}`);
    expect([query, response.status]).toEqual([query, 400]);
    const body = (await response.json()) as Reply<null>;
    expect(body.data).toBeNull();
    expect(body.errors).toEqual([{ code: 400, msg: expect.stringContaining(message) }]);
  }
  expect((await aistrace.get("/api/operations")).status).toBe(400);
});

test("dependencies count the calls from one service to another", async () => {
  const { data } = await get(`/api/dependencies?endTs=${Date.now()}&lookback=3600000`);
  expect(data).toEqual([{ parent: "web", child: "db", callCount: 1 }]);
  expect((await get(`/api/dependencies?endTs=${T - 10_000}&lookback=1000`)).data).toEqual([]);
  expect((await aistrace.get("/api/dependencies?endTs=x")).status).toBe(400);
});

test("unknown addresses and methods", async () => {
  expect((await aistrace.get("/api/nothing")).status).toBe(404);
  const post = await fetch(`http://127.0.0.1:${aistrace.ports.query}/api/services`, { method: "POST" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("a request that names an impossible host is the client's mistake", async () => {
  const socket = connect(aistrace.ports.query, "127.0.0.1");
  await once(socket, "connect");
  socket.write("GET /api/services HTTP/1.1\r\nHost: a b/../\r\nConnection: close\r\n\r\n");
  expect(String(await new Response(Readable.toWeb(socket) as ReadableStream).text())).toStartWith(
    "HTTP/1.1 400 ",
  );
});
