import { OPERATIONS } from "@ais/wire/operations.ts";
import { QUERY, WHAT } from "@ais/wire/queries.ts";
import type { InFlightRequest } from "@ais/wire/requests.ts";
import type { Call } from "../call.ts";
import { summaryOf } from "./summary.ts";

export interface RequestUnderWay {
  readonly call: Call;
  /** Monotonic milliseconds. */
  readonly startedMs: number;
  /** The reply is made; what is left is to send it. */
  isReplied: boolean;
}

/** The requests of this node that have not ended. Kept whether or not anything is traced, so it must cost next to nothing. */
export class InFlight {
  readonly #nodeId: string;
  readonly #requests = new Set<RequestUnderWay>();

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
  }

  begin(call: Call, startedMs: number): RequestUnderWay {
    const request: RequestUnderWay = { call, startedMs, isReplied: false };
    this.#requests.add(request);
    return request;
  }

  end(request: RequestUnderWay): void {
    this.#requests.delete(request);
  }

  /** Oldest first. Health checks, scrapes and whoever asks just this are left out. */
  list(nowMs: number): readonly InFlightRequest[] {
    return [...this.#requests]
      .filter(({ call }) => OPERATIONS[call.operation].traced && call.query.get(QUERY.what) !== WHAT.inFlight)
      .map((request) => this.#describe(request, nowMs))
      .sort((left, right) => right.age_ms - left.age_ms);
  }

  #describe({ call, startedMs, isReplied }: RequestUnderWay, nowMs: number): InFlightRequest {
    return {
      ...summaryOf(call, this.#nodeId),
      age_ms: Math.max(0, nowMs - startedMs),
      stage: call.span.stage || (isReplied ? "send" : "serve"),
    };
  }
}
