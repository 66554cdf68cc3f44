import { LocalTrace } from "../recorder/local-trace.ts";
import type { RecordingSpan } from "../recorder/recording-span.ts";
import { SAMPLED_FLAG } from "../w3c/traceparent.ts";

/**
 * `open`: the request runs; `kept`: it has ended and its spans are in the ring; `exported`: so are its spans, and those that
 * end from now on; `gone`: nothing of it is wanted.
 */
export type FlightPhase = "open" | "kept" | "exported" | "gone";

const NO_NODES: readonly string[] = [];

/** A request that was not sampled, with the spans that it would have exported. */
export class FlightTrace extends LocalTrace {
  phase: FlightPhase = "open";
  /** Those that have ended, while the request runs. */
  spans: RecordingSpan[] = [];
  #nodeIds: string[] | null = null;

  /** The nodes that the request was sent on to. */
  get nodeIds(): readonly string[] {
    return this.#nodeIds ?? NO_NODES;
  }

  sentTo(nodeId: string): void {
    if (this.#nodeIds === null) this.#nodeIds = [nodeId];
    else if (!this.#nodeIds.includes(nodeId)) this.#nodeIds.push(nodeId);
  }

  /** From here on it is sampled, for the spans still to come and for those who are told of it. */
  release(): readonly RecordingSpan[] {
    this.flags |= SAMPLED_FLAG;
    return this.leave("exported");
  }

  /** Its spans, which it has no more then. */
  leave(phase: FlightPhase): readonly RecordingSpan[] {
    const { spans } = this;
    this.phase = phase;
    this.spans = [];
    return spans;
  }
}
