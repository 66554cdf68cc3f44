import { describe, expect, test } from "bun:test";
import { formatTraceParent, parseTraceParent } from "./traceparent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const parsed = (flags: number) => ({ traceId: TRACE, spanId: SPAN, flags });

describe("parseTraceParent", () => {
  test("takes version 00 with the flags of levels 1 and 2", () => {
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-00`)).toEqual(parsed(0));
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-01`)).toEqual(parsed(1));
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-03`)).toEqual(parsed(3));
  });

  test("clears flags that it does not know", () => {
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-fd`)).toEqual(parsed(1));
  });

  test("takes future versions by their known prefix", () => {
    expect(parseTraceParent(`01-${TRACE}-${SPAN}-01`)).toEqual(parsed(1));
    expect(parseTraceParent(`cc-${TRACE}-${SPAN}-01-what-comes-later`)).toEqual(parsed(1));
  });

  const refused: readonly (readonly [why: string, text: string | null])[] = [
    ["absent", null],
    ["empty", ""],
    ["version ff", `ff-${TRACE}-${SPAN}-01`],
    ["version 00 with more", `00-${TRACE}-${SPAN}-01-x`],
    ["a future version that runs on", `cc-${TRACE}-${SPAN}-01.x`],
    ["upper case trace id", `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ["upper case version", `CC-${TRACE}-${SPAN}-01`],
    ["upper case flags", `00-${TRACE}-${SPAN}-0A`],
    ["trace id of zeros", `00-${"0".repeat(32)}-${SPAN}-01`],
    ["span id of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["short trace id", `00-${TRACE.slice(1)}-${SPAN}-001`],
    ["no hex in flags", `00-${TRACE}-${SPAN}-0.`],
    ["two joined headers", `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ["underscores", `00_${TRACE}_${SPAN}_01`],
    ["short", `00-${TRACE}-${SPAN}-1`],
    ["leading space", ` 00-${TRACE}-${SPAN}-01`],
  ];
  for (const [why, text] of refused) {
    test(`refuses: ${why}`, () => expect(parseTraceParent(text)).toBeNull());
  }
});

test("formatTraceParent writes what parseTraceParent reads", () => {
  for (const flags of [0, 1, 2, 3]) {
    expect(parseTraceParent(formatTraceParent(TRACE, SPAN, flags))).toEqual(parsed(flags));
  }
});
