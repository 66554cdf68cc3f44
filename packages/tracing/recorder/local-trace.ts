import type { EncodableTrace } from "../otlp/encode.ts";
import { normaliseBaggage } from "../w3c/baggage.ts";
import { hexWord, wordHex } from "../w3c/hex.ts";
import type { RandomWord } from "../w3c/random.ts";
import type { TimeAnchor } from "./time-anchor.ts";

/** What the spans of one trace share within one request: they point to one of these. */
export class LocalTrace implements EncodableTrace {
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  flags: number;
  readonly state: string;
  readonly anchor: TimeAnchor;
  #hex: string;
  /** As it came in; null once it is normalised. */
  #rawBaggage: string | null;
  #baggage = "";

  constructor(
    words: readonly [number, number, number, number],
    hex: string,
    flags: number,
    state: string,
    baggage: string | null,
    anchor: TimeAnchor,
  ) {
    [this.word0, this.word1, this.word2, this.word3] = words;
    this.#hex = hex;
    this.flags = flags;
    this.state = state;
    this.anchor = anchor;
    this.#rawBaggage = baggage;
  }

  /** The digits are made when first asked for: spans that nobody names need none. */
  get traceId(): string {
    if (this.#hex === "") {
      this.#hex = wordHex(this.word0) + wordHex(this.word1) + wordHex(this.word2) + wordHex(this.word3);
    }
    return this.#hex;
  }

  /** The `baggage` header to send on; empty for none. Checked when the first call goes out, since most requests make none. */
  get baggage(): string {
    if (this.#rawBaggage !== null) {
      this.#baggage = normaliseBaggage(this.#rawBaggage);
      this.#rawBaggage = null;
    }
    return this.#baggage;
  }
}

export type TraceWords = readonly [number, number, number, number];

/** The words of a trace id whose digits were checked. */
export function traceWords(traceId: string): TraceWords {
  return [hexWord(traceId, 0), hexWord(traceId, 8), hexWord(traceId, 16), hexWord(traceId, 24)];
}

/** A new random trace id, of which the second half may be drawn already. */
export function newTraceWords(random: RandomWord, word2 = random(), word3 = random()): TraceWords {
  const words: TraceWords = [random(), random(), word2, word3];
  return (words[0] | words[1] | words[2] | words[3]) === 0 ? newTraceWords(random) : words;
}
