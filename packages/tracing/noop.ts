import type { Span, SpanContext } from "./types.ts";

const NOOP_CONTEXT: SpanContext = { traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 };

/** The span of everything that is not traced. */
export const NOOP_SPAN: Span = {
  context: NOOP_CONTEXT,
  recording: false,
  sampled: false,
  stage: "",
  set() {},
  add() {},
  describe() {},
  event() {},
  link() {},
  fail() {},
  exception() {},
  child: () => NOOP_SPAN,
  end() {},
};

/** The SERVER span of a request while nothing is traced. It knows its stage, for whoever asks what is under way. */
export class QuietSpan implements Span {
  readonly context = NOOP_CONTEXT;
  readonly recording = false;
  readonly sampled = false;
  stage = "";
  set(): void {}
  add(): void {}
  describe(): void {}
  event(): void {}
  link(): void {}
  fail(): void {}
  exception(): void {}
  /** The span itself: what its children are told goes nowhere. */
  child(name: string): Span {
    this.stage = name;
    return this;
  }
  end(): void {
    this.stage = "";
  }
}
