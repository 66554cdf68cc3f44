import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { NOOP_SPAN, QuietSpan } from "@ais/tracing/noop.ts";
import type { FinishedRequest } from "@ais/wire/requests.ts";
import type { Call } from "../call.ts";
import type { ReplyOutcome } from "../http/types.ts";
import { ParsedQuery } from "../query.ts";
import { emptyReply } from "../replies.ts";
import { memoryNode } from "../testing/memory-member.ts";
import { memoryRequest } from "../testing/memory-request.ts";
import { type MemoryServices, memoryServices } from "../testing/memory-services.ts";
import { finishedFilter } from "./finished-filter.ts";
import { LineQueue } from "./line-queue.ts";
import { splitLines } from "./split-lines.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
let services: MemoryServices;
let peer: ReturnType<typeof Bun.serve>;
const asked: string[][] = [];
let answer = 200;

beforeEach(() => {
  asked.length = 0;
  answer = 200;
  peer = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      asked.push(((await request.json()) as { readonly traces: string[] }).traces);
      return new Response(null, { status: answer });
    },
  });
  services = memoryServices(memoryNode("target", "self", 1), [memoryNode("proxy", "p1", peer.port ?? 0)]);
});
afterEach(async () => {
  services.requests.close();
  await peer.stop(true);
});

function call(operation: Call["operation"], objectName: string, rawQuery = ""): Call {
  return {
    operation,
    request: memoryRequest("GET", `/v1/objects/b/${objectName}?${rawQuery}`),
    query: new ParsedQuery(rawQuery),
    bucketName: "b",
    objectName,
    rest: [],
    snapshot: services.member.snapshot,
    span: new QuietSpan(),
  };
}

function finish(objectName: string, status = 200, durationMs = 1, outcome: ReplyOutcome = "sent"): void {
  const reply = emptyReply(status);
  services.requests.finished.publish({
    call: call("object.get", objectName),
    reply,
    outcome,
    status,
    durationMs,
  });
}

async function readLines(stream: ReadableStream<Uint8Array>, count: number): Promise<FinishedRequest[]> {
  const found: FinishedRequest[] = [];
  for await (const bytes of splitLines(stream, new AbortController().signal)) {
    for (const line of Buffer.from(bytes).toString().split("\n"))
      if (line !== "") found.push(JSON.parse(line));
    if (found.length >= count) break;
  }
  return found;
}

describe("requests in flight", () => {
  test("are listed oldest first with their stage", () => {
    const { inFlight } = services.requests;
    const young = inFlight.begin(call("object.get", "young"), 900);
    const old = inFlight.begin(call("object.put", "old"), 100);
    old.call.span.child("ais.file.sync");
    young.isReplied = true;
    expect(inFlight.list(1_000)).toMatchObject([
      {
        object: "old",
        operation: "object.put",
        bucket: "ais://b",
        stage: "ais.file.sync",
        age_ms: 900,
        node: "self",
      },
      { object: "young", stage: "send", age_ms: 100, client: "127.0.0.1", trace_id: "" },
    ]);
    inFlight.end(old);
    expect(inFlight.list(1_000).map(({ object }) => object)).toEqual(["young"]);
  });

  test("leave out who asks for them and what is never traced", () => {
    const { inFlight } = services.requests;
    inFlight.begin(call("daemon.get", "", "what=inflight"), 1);
    inFlight.begin({ ...call("health.get", ""), span: NOOP_SPAN }, 1);
    inFlight.begin(call("trace.tail", ""), 1);
    expect(inFlight.list(10)).toEqual([]);
  });

  test("cost less than a percent of a GET of 4 KiB, which takes 15 us of CPU", () => {
    const { inFlight } = services.requests;
    const request = call("object.get", "o");
    let bestUs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20; round++) {
      const count = 20_000;
      const start = performance.now();
      for (let i = 0; i < count; i++) inFlight.end(inFlight.begin(request, i));
      bestUs = Math.min(bestUs, ((performance.now() - start) * 1000) / count);
    }
    expect(bestUs).toBeLessThan(0.15);
  });
});

describe("finished requests", () => {
  test("go to those who watch, by their filters, until they go", async () => {
    const { finished } = services.requests;
    expect(finished.isWatched).toBe(false);
    const all = finished.watch(finishedFilter(new ParsedQuery("")));
    const failures = finished.watch(finishedFilter(new ParsedQuery("status=5xx&min-duration=10ms")));
    finish("fine");
    finish("fast failure", 503, 5);
    finish("slow failure", 500, 20, "io_error");
    expect((await readLines(all, 3)).map(({ object }) => object)).toEqual([
      "fine",
      "fast failure",
      "slow failure",
    ]);
    const [failure] = await readLines(failures, 1);
    expect(failure).toMatchObject({
      node: "self",
      operation: "object.get",
      method: "GET",
      bucket: "ais://b",
      object: "slow failure",
      status: 500,
      outcome: "io_error",
      duration_ms: 20,
      sampled: false,
    });
    expect(finished.isWatched).toBe(false);
  });

  test.each([
    ["bucket=b", true],
    ["bucket=ais%3A%2F%2Fb", true],
    ["bucket=ais%3A%2F%2Fother", false],
    ["operation=object.get", true],
    ["operation=object.put", false],
    ["status=404", true],
    ["status=4xx", true],
    ["status=405", false],
    ["min-duration=1s", true],
    ["min-duration=1001ms", false],
    ["bucket=b&status=5xx", false],
  ])("filter %s", (query, passes) => {
    const facts = { operation: "object.get", bucket: () => "ais://b", status: 404, durationMs: 1_000 };
    expect(finishedFilter(new ParsedQuery(query))(facts)).toBe(passes);
  });

  test.each([
    "bucket=ais%3A%2F%2Fb%2Fo",
    "bucket=%3F%3F",
    "bucket=ais%3A%2F%2F",
    "operation=get",
    "status=6xx",
    "status=40",
    "min-duration=soon",
  ])("filter %s is refused", (query) =>
    expect(() => finishedFilter(new ParsedQuery(query))).toThrow(AisError),
  );

  test("are refused to more watchers than there may be, and to any once the node stops", async () => {
    const { finished } = services.requests;
    const streams = Array.from({ length: 16 }, () => finished.watch(() => true));
    expect(() => finished.watch(() => true)).toThrow("watched by 16 readers");
    services.requests.close();
    for (const stream of streams) expect(await readLines(stream, 1)).toEqual([]);
    expect(() => finished.watch(() => true)).toThrow("stopping");
  });
});

test("a slow reader loses lines, is told how many, and costs a bounded amount of memory", async () => {
  let ended = 0;
  const queue = new LineQueue({ droppedLine: (count) => `dropped ${count}\n`, onEnd: () => ended++ });
  for (let i = 0; i < 5_000; i++) queue.push(`${i}\n`);
  const reader = queue.stream.getReader();
  const read = async (): Promise<string[]> =>
    Buffer.from((await reader.read()).value ?? [])
      .toString()
      .split("\n")
      .filter((line) => line !== "");
  const lines: string[] = [];
  while (!lines.some((line) => line.startsWith("dropped"))) lines.push(...(await read()));
  const kept = lines.filter((line) => !line.startsWith("dropped"));
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => String(i)));
  expect(lines.at(-1)).toBe(`dropped ${5_000 - kept.length}`);
  expect(kept.length).toBeLessThan(1_100);
  queue.push("after\n");
  expect(await read()).toEqual(["after"]);
  await reader.cancel();
  queue.push("nobody reads this\n");
  expect(ended).toBe(1);
});

describe("notices of the tail rule", () => {
  const traceId = (number: number): string => number.toString(16).padStart(32, "0");
  const settled = async (done: () => boolean): Promise<void> => {
    while (!done()) await Bun.sleep(5);
  };

  test("go to the node in batches, each trace once", async () => {
    const { tailNotices } = services.requests;
    for (let i = 1; i <= 700; i++) tailNotices.tell(traceId(i), ["p1", "", "self"]);
    tailNotices.tell(traceId(1), ["p1"]);
    await settled(() => tailNotices.counts.sent === 700);
    expect(asked.map((traces) => traces.length)).toEqual([512, 188]);
    expect(new Set(asked.flat()).size).toBe(700);
  });

  test("are dropped and counted when the node is unknown, refuses, or there are too many", async () => {
    const { tailNotices } = services.requests;
    answer = 503;
    tailNotices.tell(TRACE_ID, ["p1", "stranger"]);
    await settled(() => tailNotices.counts.droppedUnreachable === 2);
    for (let i = 1; i <= 5_000; i++) tailNotices.tell(traceId(i), ["p1"]);
    expect(tailNotices.counts.droppedFull).toBe(5_000 - 4_096);
    expect((await services.metrics.expose(null)).body).toContain('outcome="dropped_queue_full"} 904');
  });
});
