/** Saved traces: what is downloaded in either form can be uploaded elsewhere, and is the same trace there. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TestAistrace } from "../aistrace.fixture.ts";
import { getTrace, putTrace } from "../demo.fixture.ts";
import { spanId, traceId } from "../spans.fixture.ts";
import type { JaegerTrace } from "./jaeger-types.ts";
import type { OwnStored } from "./own-types.ts";

const T = Date.now() - 30_000;
let from: TestAistrace;
let to: TestAistrace;

beforeAll(async () => {
  [from, to] = await Promise.all([TestAistrace.start(), TestAistrace.start()]);
  await from.send(getTrace(4, T));
  await from.send(putTrace(5, T));
  await from.send([
    {
      traceId: traceId(6),
      spanId: spanId(1),
      service: "shop",
      resource: { "host.name": "h1", "process.pid": 17 },
      name: "everything",
      kind: 1,
      startMs: T,
      durationMs: 12.5,
      error: true,
      statusMessage: "deadlock",
      attributes: { text: "ü", size: 42, ratio: 0.5, ok: true, list: ["x", "y"], large: 2 ** 53 },
      events: [{ name: "cache.miss", timeMs: T + 1, attributes: { key: "k" } }],
      links: [{ traceId: traceId(9), spanId: spanId(9) }],
    },
  ]);
});
afterAll(async () => {
  await from?.[Symbol.asyncDispose]();
  await to?.[Symbol.asyncDispose]();
});

function upload(body: string, contentType = "application/json"): Promise<Response> {
  return fetch(`http://127.0.0.1:${to.ports.query}/api/aistrace/traces`, {
    method: "POST",
    headers: { "content-type": contentType },
    body,
  });
}

async function jaegerJson(aistrace: TestAistrace, id: string): Promise<JaegerTrace | undefined> {
  const { data } = await aistrace.json<{ data: JaegerTrace[] | null }>(`/api/traces/${id}`);
  return data?.[0];
}

/** Lists become texts in Jaeger's JSON, which has no lists. */
describe.each([
  ["Jaeger", (id: string) => `/api/traces/${id}`],
  ["OTLP", (id: string) => `/api/aistrace/traces/${id}/otlp`],
])("%s", (_form, path) => {
  test.each([4, 5, 6])("trace %d comes back as it was", async (n) => {
    const id = traceId(n);
    const original = await jaegerJson(from, id);
    const reply = await upload(await (await from.get(path(id))).text());
    expect(reply.status).toBe(200);
    const stored = (await reply.json()) as OwnStored;
    expect(stored).toEqual({
      traceIDs: [id],
      stored: original?.spans.length ?? 0,
      refused: 0,
      reason: "",
    });
    const bySpan = (trace: JaegerTrace | undefined): unknown =>
      trace?.spans
        .map((span) => ({ ...span, processID: trace.processes[span.processID]?.serviceName }))
        .sort((a, b) => a.spanID.localeCompare(b.spanID));
    expect(bySpan(await jaegerJson(to, id))).toEqual(bySpan(original));
  });
});

test("the OTLP download is what OTLP's receiver takes", async () => {
  const text = await (await from.get(`/api/aistrace/traces/${traceId(6)}/otlp`)).text();
  const reply = await to.post(text, { "content-type": "application/json" });
  expect([reply.status, await reply.text()]).toEqual([200, "{}"]);
  expect((await from.get(`/api/aistrace/traces/${traceId(1)}/otlp`)).status).toBe(404);
});

test("several traces of one file, ids of Jaeger's short form and spans with their process inside", async () => {
  const span = (traceID: string, spanID: string) => ({
    traceID,
    spanID,
    operationName: "old",
    references: [],
    startTime: T * 1000,
    duration: 5,
    process: { serviceName: "legacy", tags: [{ key: "ip", type: "string", value: "10.0.0.1" }] },
  });
  const reply = await upload(JSON.stringify([{ spans: [span("abc", "1")] }, { spans: [span("def", "2")] }]));
  const { traceIDs } = (await reply.json()) as OwnStored;
  expect(traceIDs).toEqual(["abc".padStart(32, "0"), "def".padStart(32, "0")]);
  const trace = await jaegerJson(to, "abc");
  expect(trace?.processes["p1"]).toEqual({
    serviceName: "legacy",
    tags: [{ key: "ip", type: "string", value: "10.0.0.1" }],
  });
});

test("a trace a line, as the file exporter of OpenTelemetry's Collector writes them", async () => {
  const lines = await Promise.all(
    [4, 5].map(async (n) => (await from.get(`/api/aistrace/traces/${traceId(n)}/otlp`)).text()),
  );
  const { traceIDs } = (await (await upload(`${lines.join("\n")}\n`)).json()) as OwnStored;
  expect(traceIDs).toEqual([traceId(4), traceId(5)]);
  expect((await upload(`${lines.join("\n")}\n{`)).status).toBe(400);
});

test.each([
  ["no JSON", "{", "failed to parse the request as JSON"],
  ["another document", '{"a":1}', "neither Jaeger's JSON"],
  ["a text", '"x"', "neither Jaeger's JSON"],
  ["an empty list", "[]", "neither Jaeger's JSON"],
  ["a span without an id", '{"data":[{"spans":[{"traceID":"a"}]}]}', '"spanID" is undefined, not hex digits'],
  ["an id that is no hex", '{"spans":[{"traceID":"xyz","spanID":"1"}]}', '"traceID" is string'],
  ["spans that are numbers", '{"spans":[1]}', '"spans" is number, not an object'],
])("%s is refused with a reason", async (_what, body, reason) => {
  const reply = await upload(body);
  expect(reply.status).toBe(400);
  const { errors } = (await reply.json()) as { readonly errors: readonly { readonly msg: string }[] };
  expect(errors[0]?.msg).toContain(reason);
});

test("a page of another origin cannot upload unasked", async () => {
  expect((await upload("{}", "text/plain")).status).toBe(400);
  const put = await fetch(`http://127.0.0.1:${to.ports.query}/api/aistrace/traces`, { method: "PUT" });
  expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
});
