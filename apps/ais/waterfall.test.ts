import { expect, test } from "bun:test";
import { makeColors, visibleWidth } from "./output/colors.ts";
import { traceSpan } from "./testing/trace-span.fixture.ts";
import type { TraceSpan } from "./trace/span.ts";
import { renderWaterfall } from "./waterfall.ts";

const plain = { width: 100, colors: makeColors(false), verbose: false };

function span(
  id: string,
  parentId: string,
  service: string,
  name: string,
  at: readonly [number, number],
  more: Partial<TraceSpan> = {},
): TraceSpan {
  const [startUs, endUs] = at;
  return traceSpan({
    spanId: id,
    parentId,
    service,
    name,
    startUs: 1_000_000 + startUs,
    durationUs: endUs - startUs,
    ...more,
  });
}

const PUT = [
  span("5", "4", "aistore-target", "ais.file.write", [4000, 6000]),
  span("1", "", "ais", "ais put", [0, 10_000]),
  span("2", "1", "ais", "PUT", [500, 2000]),
  span("3", "2", "aistore-proxy", "PUT /v1/objects/{bucket}/{object}", [1000, 1500]),
  span("4", "3", "aistore-target", "PUT /v1/objects/{bucket}/{object}", [3000, 8000], { error: true }),
  span("6", "4", "aistore-target", "ais.index.commit", [6000, 7990]),
];

test("a trace is a tree beside bars on one axis", () => {
  expect(renderWaterfall(PUT, plain)).toEqual([
    "trace 0af7651916cd43dd8448eb211c80319c  3 services  6 spans  10ms  1 error",
    "                                                                    0       2.5ms   5ms         10ms",
    "ais             ais put                                       10ms  ████████████████████████████████",
    "ais             └ PUT                                        1.5ms   █████",
    "aistore-proxy     └ PUT /v1/objects/{bucket}/{object}        500us     ██",
    "aistore-target      └ PUT /v1/objects/{bucket}/{object}        5ms !         ████████████████",
    "aistore-target        ├ ais.file.write                         2ms              ██████",
    "aistore-target        └ ais.index.commit                    1.99ms                     ██████",
  ]);
});

test("no line is wider than the terminal, whatever its width", () => {
  for (const width of [60, 61, 80, 133, 250]) {
    const lines = renderWaterfall(PUT, { ...plain, width });
    for (const line of lines.slice(1)) expect(visibleWidth(line)).toBeLessThanOrEqual(width);
  }
});

test("the order in which spans arrive does not matter", () => {
  expect(renderWaterfall([...PUT].reverse(), plain).slice(2)).toEqual(renderWaterfall(PUT, plain).slice(2));
});

test("repeated siblings are one row with their number, sum and errors, and all rows when verbose", () => {
  const repeated = Array.from({ length: 50 }, (_, index) =>
    span(`r${index}`, "1", "t", "ais.index.lookup", [index * 100, index * 100 + 50], { error: index === 7 }),
  );
  const spans = [
    span("1", "", "t", "root", [0, 10_000]),
    ...repeated,
    span("x", "1", "t", "other", [9000, 9500]),
  ];
  const lines = renderWaterfall(spans, plain);
  expect(lines).toHaveLength(2 + 3);
  expect(lines[3]).toContain("├ ais.index.lookup ×50");
  expect(lines[3]).toContain("▒");
  expect(lines[3]).toContain("2.5ms !");
  expect(renderWaterfall(spans, { ...plain, verbose: true })).toHaveLength(2 + 52);
});

test("verbose adds every attribute of the span, and its events", () => {
  const one = span("1", "", "p", "GET", [0, 2000], {
    attributes: {
      "ais.bucket": "ais://nnn",
      "ais.object": "a b",
      "user_agent.original": "curl",
      "span.kind": "server",
      "otel.scope.name": "aistore",
      "http.response.status_code": "301",
    },
    events: [{ timeUs: 1_000_250, name: "ais.hrw", attributes: { node: "t1" } }],
  });
  expect(
    renderWaterfall([one], { ...plain, verbose: true })
      .slice(3)
      .map((line) => line.trim()),
  ).toEqual([
    "ais.bucket=ais://nnn",
    "ais.object=a b",
    "http.response.status_code=301",
    "user_agent.original=curl",
    "@250us ais.hrw node=t1",
  ]);
});

test("verbose says which process each span is of, and tells of each process once", () => {
  const target = { daemonID: "t1", "host.name": "h" };
  const spans = [
    span("1", "", "p", "GET", [0, 2000], { resource: { daemonID: "p1" } }),
    span("2", "1", "t", "GET", [100, 200], { resource: target, attributes: { "ais.bytes": "7" } }),
    // Another backend lists the process again, its attributes in another order.
    span("3", "2", "t", "ais.file.read", [110, 190], { resource: { "host.name": "h", daemonID: "t1" } }),
    span("4", "1", "t", "GET", [300, 400], { resource: { ...target, daemonID: "t2" } }),
    span("5", "1", "x", "of nobody", [500, 600]),
  ];
  const lines = renderWaterfall(spans, { ...plain, verbose: true }).slice(2);
  const named = lines.flatMap((line) => line.match(/process \d$/) ?? []);
  expect(named).toEqual(["process 1", "process 2", "process 2", "process 3"]);
  expect(lines.slice(-8)).toEqual([
    "process 1  p",
    "  daemonID=p1",
    "process 2  t",
    "  daemonID=t1",
    "  host.name=h",
    "process 3  t",
    "  daemonID=t2",
    "  host.name=h",
  ]);
  expect(renderWaterfall(spans, plain).join("\n")).not.toContain("process");
});

test("orphans, cycles, zero durations and skewed clocks lose no span", () => {
  const spans = [
    span("a", "missing", "s", "orphan", [0, 0]),
    span("b", "c", "s", "cycle-1", [10, 20]),
    span("c", "b", "s", "cycle-2", [10, 20]),
    span("d", "a", "s", "before-parent", [-500, -400]),
    span("e", "e", "s", "own-parent", [5, 6]),
  ];
  const text = renderWaterfall(spans, plain).join("\n");
  for (const { name } of spans) expect(text).toContain(name);
  expect(renderWaterfall([span("z", "", "s", "instant", [0, 0])], plain)).toHaveLength(3);
  expect(renderWaterfall([], plain)).toEqual([]);
});

test("services have colours of their own and errors are red", () => {
  const lines = renderWaterfall(PUT, { ...plain, colors: makeColors(true) });
  expect(lines[2]).toContain("\x1b[38;5;39mais");
  expect(lines[4]).toContain("\x1b[38;5;208maistore-proxy");
  expect(lines[5]).toContain("\x1b[91m");
});
