import { afterEach, beforeEach, expect, test } from "bun:test";
import { startBunServer } from "./http/bun-serve.ts";
import type { HttpHandler, HttpServer } from "./http/types.ts";
import { callPeer } from "./peer-client.ts";
import { textReply } from "./replies.ts";
import { memoryNode } from "./testing/memory-member.ts";
import { memoryAuth } from "./testing/memory-services.ts";
import { type RecordedSpan, RecordingTracing } from "./testing/recording-tracing.ts";

let server: HttpServer;
let handler: HttpHandler;
let span: RecordedSpan;
const tracing = new RecordingTracing();
const CALLER = { tracing, intraAuth: memoryAuth("proxyone") };

beforeEach(async () => {
  server = await startBunServer({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeoutMs: 10_000,
    handler: (request) => handler(request),
  });
  span = tracing.startRoot("caller");
});
afterEach(() => server.stop(0));

const peer = () => memoryNode("target", "targettwo", server.port);

test("continues the caller's trace in a CLIENT span of its own", async () => {
  let traceparent: string | null = null;
  let target = "";
  handler = async (request) => {
    traceparent = request.header("traceparent");
    target = `${request.method} ${request.rawPath}?${request.rawQuery} ${request.header("user-agent")}`;
    return textReply(`got ${(await request.bytes(100)).length}`, [["X-Reply", "1"]], 201);
  };
  const request = {
    method: "POST",
    path: "/v1/intra/list",
    query: "a=1&token=t",
    body: "1234é",
    timeoutMs: 2000,
  };
  const response = await callPeer(peer(), request, span, CALLER);
  expect([response.status, response.headers["x-reply"], new TextDecoder().decode(response.body)]).toEqual([
    201,
    "1",
    "got 6",
  ]);
  expect(target).toBe("POST /v1/intra/list?a=1&token=t Ais-Node");
  const [client] = span.children;
  expect(traceparent as string | null).toBe(`00-${span.context.traceId}-${client?.context.spanId}-01`);
  expect([client?.name, client?.kind, client?.endings, client?.failure]).toEqual(["POST", 3, 1, null]);
  expect(client?.attributes).toMatchObject({
    "server.address": "127.0.0.1",
    "server.port": server.port,
    "ais.peer": "t[targettwo]",
    "http.request.method": "POST",
    "http.request.body.size": 6,
    "url.full": `http://127.0.0.1:${server.port}/v1/intra/list?a=1&token=REDACTED`,
    "http.response.status_code": 201,
  });
});

test("resolves with error statuses and marks the span", async () => {
  handler = () => textReply("gone", [], 404);
  const response = await callPeer(peer(), { method: "GET", path: "/x", timeoutMs: 2000 }, span, CALLER);
  expect([response.status, span.children[0]?.failure]).toEqual([404, "404"]);
});

test("fails as unavailable when the peer is silent, too verbose or gone", async () => {
  handler = () => new Promise(() => {});
  const call = (more: object = {}) =>
    callPeer(peer(), { method: "GET", path: "/x", timeoutMs: 2000, ...more }, span, CALLER);
  expect(call({ timeoutMs: 30 })).rejects.toMatchObject({
    code: "unavailable",
    message: "failed to call t[targettwo]: GET /x: no reply within 30 ms",
  });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  expect(call({ signal: controller.signal })).rejects.toMatchObject({ code: "unavailable" });
  handler = () => textReply("x".repeat(100));
  expect(call({ replyLimitBytes: 10 })).rejects.toThrow("larger than 10 bytes");
  const gone = memoryNode("target", "targettwo", 1);
  const refused = callPeer(gone, { method: "GET", path: "/x", timeoutMs: 2000 }, span, CALLER);
  await expect(refused).rejects.toMatchObject({
    code: "unavailable",
    message: "failed to call t[targettwo]: GET /x: connection refused",
  });
  expect(span.children.every(({ endings, failure }) => endings <= 1 && failure !== "")).toBe(true);
});
