import { expect, test } from "bun:test";
import { makeColors, visibleWidth } from "../output/colors.ts";
import { traceSpan } from "../testing/trace-span.fixture.ts";
import { type ComparedSpan, compareTraces } from "./compare.ts";
import { renderComparison } from "./comparison-text.ts";
import type { TraceSpan } from "./span.ts";

const ROUTE = "GET /v1/objects/{bucket}/{object}";
const plain = { width: 120, colors: makeColors(false), verbose: false };

function span(
  traceId: string,
  place: readonly [id: string, parentId: string],
  name: string,
  at: readonly [startUs: number, endUs: number],
  more: Partial<TraceSpan> = {},
): TraceSpan {
  const [spanId, parentId] = place;
  const [startUs, endUs] = at;
  return traceSpan({
    traceId,
    spanId,
    parentId,
    name,
    startUs: 1_760_000_000_000_000 + startUs,
    durationUs: endUs - startUs,
    ...more,
  });
}

const FAST = "a".repeat(32);
const SLOW = "b".repeat(32);

const fast = [
  span(FAST, ["1", ""], ROUTE, [0, 400], { service: "aistore-proxy" }),
  span(FAST, ["2", "1"], ROUTE, [600, 3000]),
  span(FAST, ["3", "2"], "ais.index.lookup", [650, 750]),
  span(FAST, ["4", "2"], "ais.file.read", [800, 2900], {
    attributes: { "ais.mountpath": "/d/1", "ais.bytes": "4096", "span.kind": "internal" },
  }),
];
const slow = [
  span(SLOW, ["9", "7"], "ais.file.read", [700, 20_000], {
    attributes: { "ais.mountpath": "/d/2", "ais.bytes": "4096", "span.kind": "other" },
  }),
  span(SLOW, ["6", ""], ROUTE, [0, 400], { service: "aistore-proxy" }),
  span(SLOW, ["7", "6"], ROUTE, [500, 20_100], { error: true }),
  span(SLOW, ["8", "7"], "ais.lock.wait", [550, 650]),
];

test("spans stand beside each other by their way from the root, and what one trace lacks is there", () => {
  const { spans, before, after } = compareTraces(fast, slow);
  const [proxy] = spans;
  expect(spans).toHaveLength(1);
  expect(before).toMatchObject({ traceId: FAST, durationUs: 3000, uncoveredUs: 200, spans: 4, errors: 0 });
  expect(after).toMatchObject({ traceId: SLOW, durationUs: 20_100, uncoveredUs: 100, spans: 4, errors: 1 });
  expect(proxy).toMatchObject({ service: "aistore-proxy", changeUs: 0, selfChangeUs: 0 });
  const [target] = proxy?.children ?? [];
  expect(target).toMatchObject({ changeUs: 17_200, selfChangeUs: 0, after: { errors: 1 } });
  expect(
    target?.children.map(({ name, before, after }) => [name, before?.durationUs, after?.durationUs]),
  ).toEqual([
    ["ais.index.lookup", 100, undefined],
    ["ais.file.read", 2100, 19_300],
    ["ais.lock.wait", undefined, 100],
  ]);
  expect(target?.children[1]).toMatchObject({ selfChangeUs: 17_200, before: { selfUs: 2100 } });
});

test("a trace that is compared with itself has not changed", () => {
  const changes = (level: readonly ComparedSpan[]): readonly number[] =>
    level.flatMap((span) => [
      span.changeUs,
      span.selfChangeUs,
      span.attributes.length,
      ...changes(span.children),
    ]);
  expect(new Set(changes(compareTraces(slow, slow).spans))).toEqual(new Set([0]));
});

test("self time leaves out children that overlap, and those that outlive their parent", () => {
  const long = [
    span(FAST, ["1", ""], "GET", [0, 1000]),
    span(FAST, ["2", "1"], "a", [100, 500]),
    span(FAST, ["3", "1"], "b", [300, 600]),
    span(FAST, ["4", "1"], "c", [900, 5000]),
  ];
  const [root] = compareTraces(long, slow).spans;
  expect(root?.before?.selfUs).toBe(1000 - 500 - 100);
  expect(root).toMatchObject({ after: null, changeUs: -1000, selfChangeUs: -400 });
});

test("siblings of one name are one row with their number", () => {
  const reads = (traceId: string, count: number): TraceSpan[] =>
    Array.from({ length: count }, (_, n) => span(traceId, [`r${n}`, "1"], "read", [n * 10, n * 10 + 5]));
  const text = renderComparison(
    compareTraces(
      [span(FAST, ["1", ""], "GET", [0, 100]), ...reads(FAST, 2)],
      [span(SLOW, ["1", ""], "GET", [0, 100]), ...reads(SLOW, 4)],
    ),
    plain,
  ).join("\n");
  expect(text).toMatch(/└ read ×2→4 +10us +20us +\+10us +\+10us/);
});

test("the text has both traces, the change, and a bar where the time went", () => {
  const lines = renderComparison(compareTraces(fast, slow), plain);
  expect(lines).toEqual([
    `before  ${FAST}  2025-10-09T08:53:20.000Z  4 spans  3ms`,
    `after   ${SLOW}  2025-10-09T08:53:20.000Z  4 spans  20.1ms  1 error`,
    "",
    "SERVICE         SPAN                                 BEFORE     AFTER   CHANGE  OF ITSELF",
    "aistore-proxy   GET /v1/objects/{bucket}/{object}     400us     400us        0          0",
    "aistore-target  └ GET /v1/objects/{bucket}/{object}   2.4ms  19.6ms !  +17.2ms          0",
    "aistore-target    ├ ais.index.lookup                  100us         -   -100us     -100us",
    "aistore-target    ├ ais.file.read                     2.1ms    19.3ms  +17.2ms    +17.2ms  ████████████",
    "aistore-target    └ ais.lock.wait                         -     100us   +100us     +100us",
    "                (between spans)                       200us     100us   -100us     -100us",
  ]);
});

test("--verbose tells which attributes differ, and no line outgrows a terminal of 80 columns", () => {
  const verbose = renderComparison(compareTraces(fast, slow), { ...plain, verbose: true });
  expect(verbose.filter((line) => line.includes("→"))).toEqual([
    "                  │     ais.mountpath: /d/1 → /d/2",
  ]);
  for (const width of [80, 97, 200])
    for (const line of renderComparison(compareTraces(fast, slow), { ...plain, width }).slice(3))
      expect(visibleWidth(line)).toBeLessThanOrEqual(width);
});
