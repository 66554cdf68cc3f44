import { expect, test } from "bun:test";
import { SpanShapes } from "../otlp/span-shape.ts";
import { SPAN_KIND } from "../types.ts";
import { spanLimits } from "./limits.ts";
import { LocalTrace } from "./local-trace.ts";
import { NO_PARENT, RecordingSpan, type SpanOwner } from "./recording-span.ts";

/** Every look at the clock is 1.25 ms later than the one before. */
function steppingOwner(): SpanOwner {
  let nowMs = 0;
  return {
    limits: spanLimits({}),
    random: () => 7,
    shapes: new SpanShapes(),
    monotonicMs() {
      nowMs += 1.25;
      return nowMs;
    },
    started() {},
    limitHit() {},
    ended() {},
  };
}

test("waiting for the thread is told at the end of the span, not after it", () => {
  const trace = new LocalTrace([1, 2, 3, 4], "", 1, "", null, { high: 0, low: 0 });
  const span = new RecordingSpan(steppingOwner(), trace, "GET", SPAN_KIND.server, NO_PARENT);
  span.child("ais.index.lookup").end();
  span.end();
  expect([span.startMs, span.endMs]).toEqual([1.25, 5]);
  expect(span.rare?.events).toMatchObject([
    { name: "ais.thread.wait", timeMs: 5, attributes: { "ais.thread.wait_ms": 2.5 } },
  ]);
});
