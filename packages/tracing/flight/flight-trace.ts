import { LocalTrace } from "../recorder/local-trace.ts";
import type { RecordingSpan } from "../recorder/recording-span.ts";
import { SAMPLED_FLAG } from "../w3c/traceparent.ts";

/**
 * `open`: the request runs; `kept`: it has ended and is in the ring; `exported`: so are its spans, and those that end from
 * now on; `gone`: nothing of it is of use any more.
 */
export type FlightPhase = "open" | "kept" | "exported" | "gone";

const NO_SPANS: readonly RecordingSpan[] = [];
const NO_NODES: readonly string[] = [];

/** A request that was not sampled, with the spans that it would have exported. */
export class FlightTrace extends LocalTrace {
  phase: FlightPhase = "open";
  /** Those that have ended. */
  spans: RecordingSpan[] = [];
  /** Estimate of what keeping it takes. */
  sizeBytes = 0;
  #nodeIds: string[] | null = null;

  /** The nodes that the request was sent on to. */
  get nodeIds(): readonly string[] {
    return this.#nodeIds ?? NO_NODES;
  }

  /** The request went on to that node. */
  sentTo(nodeId: string): void {
    if (this.#nodeIds === null) this.#nodeIds = [nodeId];
    else if (!this.#nodeIds.includes(nodeId)) this.#nodeIds.push(nodeId);
  }

  /** From here on it is sampled, for the spans still to come and for those who are told of it. */
  release(): readonly RecordingSpan[] {
    const { spans } = this;
    this.flags |= SAMPLED_FLAG;
    this.phase = "exported";
    this.spans = [];
    return spans;
  }

  forget(): void {
    this.phase = "gone";
    this.spans = NO_SPANS as RecordingSpan[];
  }
}
