/**
 * Time is explained (tracing.md 4): the children of a target's SERVER span account for nine tenths of it, where it took
 * long enough to matter; what is left of a single request has an event that says so, and says how much it is.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { must } from "@ais/base/assert.ts";
import { TestCluster } from "@ais/testkit/cluster.ts";
import { type CollectedSpan, TestCollector } from "@ais/testkit/collector.ts";

const SERVER = 2;
const REQUESTS = 200;
const IN_FLIGHT = 16;
const WARM_UP = 60;
const LONG_ENOUGH_MS = 1;
const WANTED_SHARE = 0.9;
/** Fewer long requests than this are those that the machine held up, which say nothing about the spans. */
const TYPICAL = 20;
/** Times are whole nanoseconds of two clocks: the daemon's own figure and the exported times may differ so much. */
const TOLERANCE_MS = 0.01;
const OBJECT = "/v1/objects/{bucket}/{object}";

let collector: TestCollector;
let cluster: TestCluster;

beforeAll(async () => {
  collector = await TestCollector.start();
  cluster = await TestCluster.start({ targets: 1, tracingEndpoint: collector.endpoint });
  await fetch(`${cluster.url}/v1/buckets/b`, { method: "POST", body: '{"action":"create-bck"}' });
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

async function send(method: string, path: string, body?: Uint8Array<ArrayBuffer>): Promise<void> {
  const reply = await fetch(`${cluster.url}${path}`, { method, ...(body === undefined ? {} : { body }) });
  await reply.arrayBuffer();
  expect([path, reply.status < 300]).toEqual([path, true]);
}

async function load(count: number, one: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < count) await one(next++);
    }),
  );
}

const ms = (from: bigint, to: bigint): number => Number(to - from) / 1e6;

interface Explained {
  readonly tookMs: number;
  /** In which no child was open. */
  readonly gapMs: number;
  /** What the span's own event says about that. */
  readonly waitMs: number;
}

function explain(span: CollectedSpan, all: readonly CollectedSpan[]): Explained {
  const children = all.filter((child) => child.parentSpanId === span.spanId);
  children.sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano));
  let gapMs = 0;
  let until = span.startTimeUnixNano;
  for (const { startTimeUnixNano: start, endTimeUnixNano: end } of children) {
    if (start > until) gapMs += ms(until, start);
    if (end > until) until = end;
  }
  if (span.endTimeUnixNano > until) gapMs += ms(until, span.endTimeUnixNano);
  const event = span.events.find(({ name }) => name === "ais.thread.wait");
  return {
    tookMs: ms(span.startTimeUnixNano, span.endTimeUnixNano),
    gapMs,
    waitMs: Number(event?.attributes["ais.thread.wait_ms"] ?? 0),
  };
}

/** Nothing is left over, or the event says how much, and it says the truth. */
function expectExplained({ tookMs, gapMs, waitMs }: Explained): void {
  if (waitMs > 0) expect(Math.abs(gapMs - waitMs)).toBeLessThan(TOLERANCE_MS);
  else expect(gapMs).toBeLessThanOrEqual(tookMs * (1 - WANTED_SHARE) + TOLERANCE_MS);
}

function median(values: readonly number[]): number {
  return must([...values].sort((a, b) => a - b)[values.length >> 1], "no values");
}

/** The target's SERVER spans of that name, once there are `count` of them, with everything that was exported since. */
function served(
  from: number,
  name: string,
  count: number,
): Promise<{ servers: CollectedSpan[]; all: CollectedSpan[] }> {
  return collector.until(() => {
    const all = collector.spans.slice(from);
    const servers = all.filter(
      (span) => span.kind === SERVER && span.name === name && span.serviceName === "aistore-target",
    );
    return servers.length === count ? { servers, all } : null;
  });
}

test("the first requests after the start, which the runtime has yet to compile, are explained as well", async () => {
  const body = new Uint8Array(200_000);
  for (const [method, name] of [
    ["PUT", `PUT ${OBJECT}`],
    ["GET", `GET ${OBJECT}`],
    ["LIST", "POST /v1/intra/list"],
  ] as const) {
    const from = collector.spans.length;
    if (method === "LIST") await send("GET", "/v1/buckets/b");
    else await send(method, "/v1/objects/b/first", method === "PUT" ? body : undefined);
    const { servers, all } = await served(from, name, 1);
    for (const server of servers) expectExplained(explain(server, all));
  }
});

describe("under load", () => {
  test.each([
    ["PUT inline", "PUT", 1_000, `PUT ${OBJECT}`],
    ["PUT file", "PUT", 200_000, `PUT ${OBJECT}`],
    ["GET inline", "GET", 1_000, `GET ${OBJECT}`],
    ["GET file", "GET", 200_000, `GET ${OBJECT}`],
    ["HEAD inline", "HEAD", 1_000, `HEAD ${OBJECT}`],
    ["HEAD file", "HEAD", 200_000, `HEAD ${OBJECT}`],
    ["DELETE inline", "DELETE", 1_000, `DELETE ${OBJECT}`],
    ["DELETE file", "DELETE", 200_000, `DELETE ${OBJECT}`],
    ["a page of a listing", "LIST", 1_000, "POST /v1/intra/list"],
  ] as const)("%s", async (title, method, bytes, spanName) => {
    const body = new Uint8Array(bytes).fill(7);
    const path = (number: number): string => `/v1/objects/b/${title.replaceAll(" ", "-")}-${number}`;
    const isPut = method === "PUT";
    if (!isPut) await load(REQUESTS + WARM_UP, (number) => send("PUT", path(number), body));
    const one = (number: number): Promise<void> =>
      method === "LIST" ? send("GET", "/v1/buckets/b") : send(method, path(number), isPut ? body : undefined);
    const start = collector.spans.length;
    await load(WARM_UP, one);
    await served(start, spanName, WARM_UP);
    const from = collector.spans.length;
    await load(REQUESTS, (number) => one(number + WARM_UP));
    const { servers, all } = await served(from, spanName, REQUESTS);
    const long = servers
      .map((server) => explain(server, all))
      .filter(({ tookMs }) => tookMs > LONG_ENOUGH_MS + TOLERANCE_MS);
    for (const explained of long) expectExplained(explained);
    if (long.length < TYPICAL) return;
    expect(median(long.map(({ tookMs, gapMs }) => 1 - gapMs / tookMs))).toBeGreaterThanOrEqual(WANTED_SHARE);
  });
});
