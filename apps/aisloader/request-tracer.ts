import { wordHex } from "@ais/tracing/w3c/hex.ts";
import { pooledRandomWords, type RandomWord } from "@ais/tracing/w3c/random.ts";
import { formatTraceParent, RANDOM_FLAG, SAMPLED_FLAG } from "@ais/tracing/w3c/traceparent.ts";
import { HEADERS } from "@ais/wire/headers.ts";
import { type Dice, PURPOSES } from "./workload/dice.ts";

export interface RequestTrace {
  readonly traceId: string;
  /** Line of the request's head. */
  readonly headerLine: string;
}

/**
 * Gives a share of the requests a sampled trace context, so that the cluster records them whatever its own sampler says.
 * Which requests follows from the seed; the ids are new in every run.
 */
export class RequestTracer {
  readonly #ratio: number;
  readonly #dice: Dice;
  readonly #random: RandomWord = pooledRandomWords();

  constructor(ratio: number, dice: Dice) {
    this.#ratio = ratio;
    this.#dice = dice;
  }

  /** Null for a request that is left to the sampler of the cluster. */
  trace(position: number): RequestTrace | null {
    if (this.#ratio === 0 || this.#dice.unit(PURPOSES.trace, position) >= this.#ratio) return null;
    const random = this.#random;
    const traceId = wordHex(random()) + wordHex(random()) + wordHex(random()) + wordHex(random());
    // The lowest bit keeps the id from being the invalid one.
    const spanId = wordHex(random()) + wordHex((random() | 1) >>> 0);
    const traceparent = formatTraceParent(traceId, spanId, SAMPLED_FLAG | RANDOM_FLAG);
    return { traceId, headerLine: `${HEADERS.traceparent}: ${traceparent}\r\n` };
  }
}
