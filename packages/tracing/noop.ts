import type { Span, SpanContext } from "./types.ts";

const NOOP_CONTEXT: SpanContext = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 };

/** The span of everything that is not traced. */
export const NOOP_SPAN: Span = {
  context: NOOP_CONTEXT,
  recording: false,
  set() {},
  event() {},
  link() {},
  fail() {},
  exception() {},
  child: () => NOOP_SPAN,
  end() {},
};
