import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestAistrace } from "../aistrace.fixture.ts";
import { spanId, type TestSpan, traceId } from "../spans.fixture.ts";
import type { OwnGraph } from "./own-types.ts";

const NOW = Date.now();
let aistrace: TestAistrace;

/** A proxy that asks two targets, of which `broken` fails. Two libraries of the proxy are one program. */
function fanOut(n: number, startMs: number, broken: string): TestSpan[] {
  const base = { traceId: traceId(n), startMs };
  const id = (i: number): string => spanId(n * 100 + i);
  const target = (i: number, node: string): TestSpan => ({
    ...base,
    spanId: id(i),
    parentSpanId: id(2),
    service: "target",
    resource: { "service.instance.id": node },
    durationMs: 4,
    error: node === broken,
  });
  const proxy = { ...base, service: "proxy", resource: { "service.instance.id": "p1" } };
  return [
    { ...proxy, spanId: id(1), scope: "a", durationMs: 10 },
    { ...proxy, spanId: id(2), parentSpanId: id(1), scope: "b", durationMs: 9 },
    target(3, "t1"),
    target(4, "t2"),
  ];
}

beforeAll(async () => {
  aistrace = await TestAistrace.start();
  await aistrace.send(fanOut(1, NOW - 10_000, "t2"));
  await aistrace.send(fanOut(2, NOW - 5_000, ""));
  await aistrace.send(fanOut(3, NOW - 3 * 3_600_000, ""));
});
afterAll(() => aistrace[Symbol.asyncDispose]());

function sorted({ nodes, calls }: OwnGraph): unknown {
  const name = (i: number): string => `${nodes[i]?.service} ${nodes[i]?.instance}`.trim();
  return calls
    .map(({ from, to, calls: count, errors, averageUs }) => [name(from), name(to), count, errors, averageUs])
    .sort();
}

test("services that call each other in the last hour", async () => {
  const graph = await aistrace.json<OwnGraph>("/api/aistrace/graph");
  expect(sorted(graph)).toEqual([["proxy", "target", 4, 1, 4000]]);
  expect(graph.nodes.toSorted((a, b) => a.service.localeCompare(b.service))).toEqual([
    { service: "proxy", instance: "", spans: 4, errors: 0 },
    { service: "target", instance: "", spans: 4, errors: 1 },
  ]);
  expect([graph.traces, graph.isComplete]).toEqual([2, true]);
});

test("nodes that call each other, in the window that is asked for", async () => {
  expect(sorted(await aistrace.json<OwnGraph>("/api/aistrace/graph?by=instance&lookback=6h"))).toEqual([
    ["proxy p1", "target t1", 3, 0, 4000],
    ["proxy p1", "target t2", 3, 1, 4000],
  ]);
  expect((await aistrace.json<OwnGraph>("/api/aistrace/graph?lookback=1s")).nodes).toEqual([]);
});
