import type { InboundCarrier, Span } from "../types.ts";
import type { RandomWord } from "../w3c/random.ts";
import { LiveSpan } from "./live-span.ts";
import type { LocalTrace } from "./local-trace.ts";

/** Carries the context of a request that is not sampled, and knows its stage. Its children are itself. */
export abstract class UnsampledSpan extends LiveSpan implements Span {
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
  child(name: string): Span {
    this.stage = name;
    return this;
  }
  end(): void {
    this.stage = "";
  }
}

/** Of a trace that goes on here. */
export class ContinuedUnsampledSpan extends UnsampledSpan {
  readonly trace: LocalTrace;
  readonly idHigh: number;
  readonly idLow: number;

  constructor(trace: LocalTrace, random: RandomWord) {
    super();
    this.trace = trace;
    this.idHigh = random();
    this.idLow = random() | 1;
  }
}

/** Of a trace that begins here. It is made when somebody asks for it: nobody does for most requests. */
export class NewUnsampledSpan extends UnsampledSpan {
  readonly #begin: BeginTrace;
  readonly #request: InboundCarrier | null;
  readonly #word2: number;
  readonly #word3: number;
  #made: ContinuedUnsampledSpan | null = null;

  /** The words are the half of the trace's id by which it was not sampled. */
  constructor(begin: BeginTrace, request: InboundCarrier | null, word2: number, word3: number) {
    super();
    this.#begin = begin;
    this.#request = request;
    this.#word2 = word2;
    this.#word3 = word3;
  }

  get trace(): LocalTrace {
    return this.#context().trace;
  }

  get idHigh(): number {
    return this.#context().idHigh;
  }

  get idLow(): number {
    return this.#context().idLow;
  }

  #context(): ContinuedUnsampledSpan {
    this.#made ??= this.#begin(this.#word2, this.#word3, this.#request);
    return this.#made;
  }
}

/** Makes a new trace of which half of the id is known. `request` brings its baggage, if it may. */
export type BeginTrace = (
  word2: number,
  word3: number,
  request: InboundCarrier | null,
) => ContinuedUnsampledSpan;
