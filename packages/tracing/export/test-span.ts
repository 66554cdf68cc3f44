import { ByteWriter } from "../otlp/byte-writer.ts";
import { encodeSpan } from "../otlp/encode.ts";
import { LocalTrace, newTraceWords } from "../recorder/local-trace.ts";
import type { Recorder } from "../recorder/recorder.ts";
import { NO_PARENT, RecordingSpan } from "../recorder/recording-span.ts";
import type { TimeAnchor } from "../recorder/time-anchor.ts";
import { SPAN_KIND } from "../types.ts";
import { SAMPLED_FLAG } from "../w3c/traceparent.ts";

export interface TestSpan {
  readonly traceId: string;
  /** An item of `ScopeSpans.spans`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const NAME = "ais.trace.test";

/** A span that ended now, in a trace of its own, made past the recorder's queue and its books. */
export function encodeTestSpan(recorder: Recorder, anchor: TimeAnchor, nodeId: string): TestSpan {
  const writer = new ByteWriter();
  const { limits, random, shapes } = recorder;
  const owner = {
    limits,
    random,
    shapes,
    monotonicMs: () => recorder.monotonicMs(),
    started() {},
    limitHit() {},
    ended: (span: RecordingSpan) => encodeSpan(writer, span),
  };
  const trace = new LocalTrace(newTraceWords(random), "", SAMPLED_FLAG, "", null, anchor);
  const span = new RecordingSpan(owner, trace, NAME, SPAN_KIND.internal, NO_PARENT);
  span.set("ais.node", nodeId);
  span.end();
  return { traceId: trace.traceId, bytes: writer.copy() };
}
