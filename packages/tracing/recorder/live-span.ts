import type { SpanContext } from "../types.ts";
import { wordHex } from "../w3c/hex.ts";
import { traceParentText } from "../w3c/trace-text.ts";
import { CarriedTraceState } from "../w3c/tracestate.ts";
import type { LocalTrace } from "./local-trace.ts";

/** A span with a valid context, recording or not: what the carriers need of it. */
export abstract class LiveSpan {
  abstract readonly trace: LocalTrace;
  abstract readonly idHigh: number;
  abstract readonly idLow: number;

  get context(): SpanContext {
    const { trace } = this;
    const context = { traceId: trace.traceId, spanId: this.#spanId(), traceFlags: trace.flags };
    return trace.state === "" ? context : { ...context, traceState: new CarriedTraceState(trace.state) };
  }

  /** The header's text. */
  get traceParent(): string {
    return traceParentText(this);
  }

  #spanId(): string {
    return wordHex(this.idHigh) + wordHex(this.idLow);
  }
}
