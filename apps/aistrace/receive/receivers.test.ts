import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { decodeExportResponse } from "@ais/tracing/otlp/response.ts";
import { retryDelayMs } from "@ais/tracing/otlp/retry-info.ts";
import * as grpc from "@grpc/grpc-js";
import { exportGrpc, TestAistrace } from "../aistrace.fixture.ts";
import type { OwnStats } from "../query/own-types.ts";
import { encodeSpans, spanId, traceId } from "../spans.fixture.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

const T = Date.now();
let aistrace: TestAistrace;

beforeAll(async () => {
  aistrace = await TestAistrace.start();
});
afterAll(() => aistrace[Symbol.asyncDispose]());

async function isStored(n: number): Promise<boolean> {
  return (await aistrace.get(`/api/traces/${traceId(n)}`)).status === 200;
}

/** Code and message of a `google.rpc.Status`. */
function readStatus(bytes: Uint8Array): { code: number; message: string } {
  expect([bytes[0], bytes[2]]).toEqual([0x08, 0x12]);
  const [code = 0] = bytes.slice(1, 2);
  return { code, message: new TextDecoder().decode(bytes.slice(4)) };
}

test("spans sent over gRPC are there when the call is answered, packed or not", async () => {
  const { otlpGrpc } = aistrace.ports;
  const reply = await exportGrpc(
    otlpGrpc,
    encodeSpans([{ traceId: traceId(1), spanId: spanId(1), startMs: T }]),
  );
  expect(reply.length).toBe(0);
  expect(await isStored(1)).toBe(true);
  const packed = { "grpc.default_compression_algorithm": 2 };
  await exportGrpc(otlpGrpc, encodeSpans([{ traceId: traceId(2), spanId: spanId(1), startMs: T }]), packed);
  expect(await isStored(2)).toBe(true);
});

test("gRPC: bytes that are no request are refused as an invalid argument", async () => {
  const error = await exportGrpc(aistrace.ports.otlpGrpc, new Uint8Array([0x0a, 0xff])).catch(
    (reason) => reason,
  );
  expect(error.code).toBe(grpc.status.INVALID_ARGUMENT);
});

test("gRPC: refused spans are a partial success", async () => {
  const reply = await exportGrpc(
    aistrace.ports.otlpGrpc,
    encodeSpans([
      { traceId: traceId(3), spanId: spanId(1), startMs: T },
      { traceId: "0".repeat(32), spanId: spanId(2), startMs: T },
    ]),
  );
  const partial = decodeExportResponse(reply);
  expect(partial.rejectedSpans).toBe(1);
  expect(partial.message).toContain("trace id");
  expect(await isStored(3)).toBe(true);
});

test("HTTP: protobuf and JSON are taken, plain and packed, and answered in kind", async () => {
  const protobuf = encodeSpans([{ traceId: traceId(4), spanId: spanId(1), startMs: T }]);
  const plain = await aistrace.post(protobuf);
  expect([plain.status, plain.headers.get("content-type")]).toEqual([200, "application/x-protobuf"]);
  expect((await plain.bytes()).length).toBe(0);

  const packed = await aistrace.post(
    gzipSync(encodeSpans([{ traceId: traceId(5), spanId: spanId(1), startMs: T }])),
    {
      "content-encoding": "gzip",
    },
  );
  expect(packed.status).toBe(200);

  const json = await aistrace.post(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "hand" } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: traceId(6).toUpperCase(),
                  spanId: spanId(1),
                  name: "by hand",
                  kind: 2,
                  startTimeUnixNano: String(BigInt(T) * 1_000_000n),
                  endTimeUnixNano: String(BigInt(T + 5) * 1_000_000n),
                  attributes: [{ key: "n", value: { intValue: "9007199254740993" } }],
                },
                { traceId: "0".repeat(32), spanId: spanId(2), name: "no trace" },
              ],
            },
          ],
        },
      ],
    }),
    { "content-type": "application/json; charset=utf-8" },
  );
  expect([json.status, json.headers.get("content-type")]).toEqual([200, "application/json"]);
  expect(await json.json()).toEqual({
    partialSuccess: { rejectedSpans: "1", errorMessage: expect.any(String) },
  });
  expect(await Promise.all([4, 5, 6].map(isStored))).toEqual([true, true, true]);
});

test("HTTP: malformed bodies get 400 with a status in the encoding of the request", async () => {
  const protobuf = await aistrace.post(new Uint8Array([0x0a, 0xff]));
  expect(protobuf.status).toBe(400);
  expect(readStatus(await protobuf.bytes()).code).toBe(3);

  for (const body of ["{", '{"resourceSpans":7}', "[]"]) {
    const json = await aistrace.post(body, { "content-type": "application/json" });
    expect([body, json.status]).toEqual([body, 400]);
    expect(await json.json()).toEqual({ code: 3, message: expect.any(String) });
  }
  const gzip = await aistrace.post("not packed", { "content-encoding": "gzip" });
  expect(gzip.status).toBe(400);
});

test("HTTP: other types, packings, methods, paths and sizes have statuses of their own", async () => {
  const status = async (response: Promise<Response>): Promise<number> => (await response).status;
  const url = `http://127.0.0.1:${aistrace.ports.otlpHttp}`;
  expect(await status(aistrace.post("x", { "content-type": "text/plain" }))).toBe(415);
  expect(await status(aistrace.post("x", { "content-encoding": "br" }))).toBe(415);
  const get = await fetch(`${url}/v1/traces`);
  expect([get.status, get.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  expect(await status(fetch(`${url}/v1/metrics`, { method: "POST" }))).toBe(404);
  const bomb = gzipSync(new Uint8Array(MAX_MESSAGE_BYTES + 1));
  expect(await status(aistrace.post(bomb, { "content-encoding": "gzip" }))).toBe(413);
});

test("HTTP: a page of another origin may send spans", async () => {
  const preflight = await fetch(`http://127.0.0.1:${aistrace.ports.otlpHttp}/v1/traces`, {
    method: "OPTIONS",
    headers: { origin: "http://shop.example", "access-control-request-headers": "content-type,x-key" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  expect(preflight.headers.get("access-control-allow-headers")).toBe("content-type,x-key");
  const sent = await aistrace.post(encodeSpans([]), { origin: "http://shop.example" });
  expect(sent.headers.get("access-control-allow-origin")).toBe("*");
});

test("a full queue refuses with a hint when to come back, and is counted", async () => {
  await using small = await TestAistrace.start({}, { maxQueuedBytes: 1000 });
  const large = encodeSpans(
    Array.from({ length: 2000 }, (_, n) => ({ traceId: traceId(1), spanId: spanId(n + 1), startMs: T })),
  );
  // The first one is taken, because a single request always is; it is larger than the queue, so nothing fits beside it.
  const replies = await Promise.all([1, 2, 3].map(() => small.post(large)));
  const statuses = replies.map(({ status }) => status).sort();
  expect(statuses).toEqual([200, 429, 429]);
  expect(replies.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("1");

  const calls = await Promise.allSettled([1, 2].map(() => exportGrpc(small.ports.otlpGrpc, large)));
  const refused = calls.flatMap((call) =>
    call.status === "rejected" ? [call.reason as grpc.ServiceError] : [],
  );
  expect(refused.map(({ code }) => code)).toEqual([grpc.status.RESOURCE_EXHAUSTED]);
  const [details] = refused[0]?.metadata.get("grpc-status-details-bin") ?? [];
  expect(retryDelayMs(Buffer.from(details ?? ""))).toBe(1000);

  const stats = await small.json<OwnStats>("/api/aistrace/stats");
  expect(stats.requestsRefused.overload).toBe(3);
  expect(stats).toMatchObject({ traces: 1, spans: 2000, stored: 4000 });
});

test("bodies that never end are bounded together, and what they held comes back when their clients go", async () => {
  await using small = await TestAistrace.start({}, { maxReceivingBytes: 100_000 });
  const spans = encodeSpans([{ traceId: traceId(1), spanId: spanId(1), startMs: T }]);
  const head = "POST /v1/traces HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-protobuf\r\n";
  const stalled = connect(small.ports.otlpHttp, "127.0.0.1");
  await once(stalled, "connect");
  stalled.write(`${head}Content-Length: 200000\r\n\r\n${"x".repeat(99_999)}`);
  const statusOf = async (): Promise<number> => (await small.post(spans)).status;
  for (let status = 0; status !== 429; status = await statusOf());
  const refused = await small.post(spans);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
  stalled.destroy();
  for (let status = 0; status !== 200; status = await statusOf());
  const stats = await small.json<OwnStats>("/api/aistrace/stats");
  expect(stats.requestsRefused.overload).toBeGreaterThan(1);
});

test("a packed body counts by what it unpacks to", async () => {
  await using small = await TestAistrace.start({}, { maxReceivingBytes: 100_000 });
  const packed = (bytes: number) =>
    small.post(new Uint8Array(gzipSync(new Uint8Array(bytes))), { "content-encoding": "gzip" });
  expect((await packed(50_000)).status).toBe(400);
  expect((await packed(1_000_000)).status).toBe(429);
  expect((await small.post(new Uint8Array([1, 2, 3]), { "content-encoding": "gzip" })).status).toBe(400);
});
