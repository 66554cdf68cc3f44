import { expect, test } from "bun:test";
import type { OwnSpanOutline, OwnTrace } from "./query/own-types.ts";
import { criticalPath } from "./web/critical-path.ts";
import { duration, tickLabels, ticks, timeTicks } from "./web/format.ts";
import { layOutGraph } from "./web/graph-layout.ts";
import { traceIdIn } from "./web/id-text.ts";
import { lookbackTo } from "./web/lookback.ts";
import { plain } from "./web/plain-text.ts";
import { OpenState, visibleRows } from "./web/rows.ts";
import { apiQuery, nextLimit } from "./web/search-query.ts";
import { formatTagText, parseTagText } from "./web/tag-text.ts";
import { buildTrace } from "./web/trace-model.ts";

const START_US = 1_800_000_000_000_000;

/** `id parent start duration`, in microseconds. */
function trace(...lines: readonly string[]): OwnTrace {
  const spans = lines.map((line): OwnSpanOutline => {
    const [id = "", parent = "", start = "0", length = "0"] = line.split(" ");
    return [
      id,
      parent === "-" ? "" : parent,
      0,
      0,
      "",
      START_US + Number(start),
      Number(length),
      id.endsWith("!"),
      0,
    ];
  });
  return {
    traceID: "t",
    services: ["s"],
    names: ["n"],
    instances: [""],
    spans,
    failedStatuses: {},
    events: {},
  };
}

function at<T>(map: ReadonlyMap<string, T>, id: string): T | undefined {
  return map.get(id);
}

test("the tree has depths, errors below and self times", () => {
  const model = buildTrace(trace("a - 0 100", "b a 10 30", "c a 20 40", "d! c 25 5"));
  expect(model.roots.map(({ spanId }) => spanId)).toEqual(["a"]);
  expect(model.depth).toBe(3);
  expect(at(model.byId, "a")).toMatchObject({ descendants: 3, errorsBelow: 1, selfUs: 50 });
  expect(at(model.byId, "c")?.selfUs).toBe(35);
});

test("self time is that in which nothing below ran, also between a redirect and its target", () => {
  const model = buildTrace(trace("get - 0 100", "proxy get 10 5", "target proxy 60 20", "read target 65 30"));
  expect(at(model.byId, "get")?.selfUs).toBe(100 - 5 - 35);
  expect(at(model.byId, "proxy")?.selfUs).toBe(5);
  expect(at(model.byId, "target")?.selfUs).toBe(5);
  const steps = Array.from({ length: 20_000 }, (_, i) => `s${i} ${i === 0 ? "-" : `s${i - 1}`} ${i * 3} 1`);
  const started = performance.now();
  expect(at(buildTrace(trace(...steps)).byId, "s0")?.selfUs).toBe(1);
  expect(performance.now() - started).toBeLessThan(2000);
});

test("spans with a missing parent are roots, and a circle is cut open", () => {
  const orphans = buildTrace(trace("b gone 5 10", "a - 0 3"));
  expect(orphans.roots).toHaveLength(2);
  const circle = buildTrace(trace("a b 0 10", "b a 1 5", "c b 2 1", "x x 3 1"));
  expect(circle.roots.map(({ spanId }) => spanId).sort()).toEqual(["a", "x"]);
  expect(at(circle.byId, "c")?.depth).toBe(2);
});

test("a chain as long as a trace is no problem", () => {
  const lines = Array.from(
    { length: 50_000 },
    (_, i) => `s${i} ${i === 0 ? "-" : `s${i - 1}`} ${i} ${100_000 - i}`,
  );
  const model = buildTrace(trace(...lines));
  expect(model.depth).toBe(50_000);
  expect(visibleRows(model, new OpenState())).toHaveLength(50_000);
});

test("the critical path follows what ended last, across a redirect too", () => {
  const model = buildTrace(trace("a - 0 100", "b a 10 60", "c a 20 40", "d a 75 20"));
  const path = criticalPath(model.roots);
  expect(path.get("a")).toEqual([
    { fromUs: 95, toUs: 100 },
    { fromUs: 70, toUs: 75 },
    { fromUs: 0, toUs: 10 },
  ]);
  expect([...path.keys()].sort()).toEqual(["a", "b", "d"]);

  const redirect = buildTrace(trace("proxy - 0 10", "target proxy 15 50"));
  const across = criticalPath(redirect.roots);
  expect(across.get("proxy")).toEqual([{ fromUs: 0, toUs: 10 }]);
  expect(across.get("target")).toEqual([{ fromUs: 15, toUs: 65 }]);

  // The client's second request runs beside what it leads to, which is below the first.
  const client = criticalPath(
    buildTrace(
      trace("ais - 0 100", "get1 ais 5 55", "proxy get1 30 10", "target proxy 75 15", "get2 ais 70 25"),
    ).roots,
  );
  expect(client.get("get1")).toEqual([
    { fromUs: 40, toUs: 60 },
    { fromUs: 5, toUs: 30 },
  ]);
  expect(client.get("ais")).toEqual([
    { fromUs: 95, toUs: 100 },
    { fromUs: 60, toUs: 70 },
    { fromUs: 0, toUs: 5 },
  ]);
  expect([...client.keys()].sort()).toEqual(["ais", "get1", "get2", "proxy"]);

  const halves = criticalPath(buildTrace(trace("a - 0 10", "b gone 20 30", "c gone 25 5")).roots);
  expect([...halves.keys()].sort()).toEqual(["a", "b"]);
});

test("alike siblings are folded, and a span inside can be shown", () => {
  const lines = Array.from({ length: 300 }, (_, i) => `s${i} a ${i} 1`);
  const model = buildTrace(trace("a - 0 400", ...lines));
  const state = new OpenState();
  expect(visibleRows(model, state).map(({ type }) => type)).toEqual(["span", "fold"]);
  const inner = at(model.byId, "s250");
  if (inner !== undefined) state.reveal(inner);
  expect(visibleRows(model, state)).toHaveLength(302);
  state.closeAll(model);
  expect(visibleRows(model, state)).toHaveLength(1);
});

test("tags are read as they are written", () => {
  const text = 'http.status=404 db="select \\"x\\" from y" empty=""';
  const tags = new Map([
    ["http.status", "404"],
    ["db", 'select "x" from y'],
    ["empty", ""],
  ]);
  expect(parseTagText(text)).toEqual(tags);
  expect(parseTagText(formatTagText(tags))).toEqual(tags);
  expect(parseTagText("  ")).toEqual(new Map());
  expect(parseTagText("no equals sign")).toBeNull();
  expect(parseTagText("a=1 b=2 a=3")).toBeNull();
});

test("durations and axes are written for people", () => {
  const texts = [0, 0.85, 12.34, 4560, 1_234_567, 200_000_000, 7_200_000_000].map(duration);
  expect(texts).toEqual(["0 µs", "850 ns", "12.3 µs", "4.56 ms", "1.23 s", "3m 20s", "2h 0m"]);
  expect(ticks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(ticks(5, 5, 5)).toEqual([5]);
  expect(tickLabels([0, 2000, 4000])).toEqual(["0 ms", "2 ms", "4 ms"]);
  expect(tickLabels([1_398_000, 1_398_500, 1_399_000])).toEqual(["1.3980 s", "1.3985 s", "1.3990 s"]);
});

test("the graph has callers at the left of whom they call, and circles end", () => {
  const call = (from: number, to: number) => ({ from, to, calls: 1, errors: 0, averageUs: 1 });
  const { places } = layOutGraph(5, [call(2, 0), call(0, 1), call(0, 3), call(3, 0), call(1, 1), call(2, 3)]);
  const x = places.map((place) => place.x);
  const at = (node: number): number => x[node] ?? Number.NaN;
  expect(at(2)).toBeLessThan(at(0));
  expect(at(0)).toBeLessThan(at(1));
  expect(at(1)).toBe(at(3));
  expect(new Set(places.map((place) => `${place.x} ${place.y}`)).size).toBe(5);
  expect(layOutGraph(0, []).places).toEqual([]);
});

test("an axis of minutes and hours has steps that people count time in", () => {
  const axis = (seconds: number): string[] => tickLabels(timeTicks(0, seconds * 1e6, 5));
  expect(axis(12_600)).toEqual(["0", "1h", "2h", "3h"]);
  expect(axis(4 * 3600 + 1800)).toEqual(["0", "1h", "2h", "3h", "4h"]);
  expect(axis(7200)).toEqual(["0", "30m", "1h", "1h 30m", "2h"]);
  expect(axis(600)).toEqual(["0", "2m", "4m", "6m", "8m", "10m"]);
  expect(axis(60)).toEqual(["0 s", "20 s", "40 s", "60 s"]);
  expect(axis(86_400 * 30).length).toBeLessThan(8);
});

test("a trace id is found in whatever was pasted", () => {
  const id = "4dbb94842c00fb0a1c4f4419ac558612";
  expect(traceIdIn(` ${id.toUpperCase()} `)).toBe(id);
  expect(traceIdIn("a15")).toBe("a15");
  expect(traceIdIn(`traceparent: 00-${id}-05a1000000000001-01`)).toBe(id);
  expect(traceIdIn(`https://traces.example/trace/${id}?span=05a1000000000001`)).toBe(id);
  expect(traceIdIn("http://localhost:16686/trace/a15")).toBe("a15");
  expect(traceIdIn(`{"trace_id":"${id}","status":200}`)).toBe(id);
  for (const text of ["", "  ", "no id", "dead beef", `${id}0`, "/trace/xyz"])
    expect(traceIdIn(text)).toBeNull();
});

test("a search that a span leads to looks back far enough for its trace", () => {
  const now = 1_800_000_000_000;
  const ago = (minutes: number): string => lookbackTo((now - minutes * 60_000) * 1000, now);
  expect([1, 59, 61, 400, 1500, 9999].map(ago)).toEqual(["1h", "1h", "6h", "24h", "2d", "2d"]);
});

test("the server is asked for the orders that it knows", () => {
  const asked = (query: string): string | null => apiQuery(new URLSearchParams(query), 1).get("order");
  expect([asked("order=longest"), asked("order=errors"), asked("")]).toEqual(["longest", null, null]);
  const next = (query: string): string | null => nextLimit(new URLSearchParams(query));
  expect([next(""), next("limit=100"), next("limit=70"), next("limit=1500")]).toEqual([
    "50",
    "500",
    "100",
    null,
  ]);
});

test("what is not seen of a text is shown", () => {
  expect(plain("photo\u202egpj.exe\u0000\u009b")).toBe("photo\\u202egpj.exe\\u0000\\u009b");
  expect(plain("two\nlines, \ta tab, 日本語 عربي 😀")).toBe("two\nlines, \ta tab, 日本語 عربي 😀");
});
