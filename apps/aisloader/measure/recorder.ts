import type { ErrorCount, IntervalRecord, Operation, OperationSummary, SlowRequest } from "../summary.ts";
import { OperationCounter } from "./operation-counter.ts";
import { SlowestRequests } from "./slowest-requests.ts";

/** How one operation ended. */
export interface Outcome {
  readonly operation: Operation;
  readonly objectName: string;
  readonly latencyMs: number;
  /** Object bytes moved. */
  readonly bytes: number;
  /** Null when it succeeded. */
  readonly failure: { readonly kind: string; readonly text: string } | null;
  /** Null when this program did not trace it. */
  readonly traceId: string | null;
}

type Counters = Readonly<Record<Operation, OperationCounter>>;

/** Collects outcomes. An outcome is counted once, in the interval; the end of the interval adds it to the total. */
export class Recorder {
  readonly #interval: Counters = { put: new OperationCounter(), get: new OperationCounter() };
  readonly #total: Counters = { put: new OperationCounter(), get: new OperationCounter() };
  readonly #errors = new Map<
    string,
    { operation: Operation; kind: string; count: number; example: string }
  >();
  readonly #slowest: SlowestRequests;
  readonly #startMs: number;
  #intervalStartMs: number;

  /** Times are of `performance.now`. */
  constructor(startMs: number, slowestCount: number) {
    this.#startMs = startMs;
    this.#intervalStartMs = startMs;
    this.#slowest = new SlowestRequests(slowestCount);
  }

  record(outcome: Outcome): void {
    const counter = this.#interval[outcome.operation];
    if (outcome.failure === null) counter.succeeded(outcome.bytes, outcome.latencyMs);
    else {
      counter.failed();
      this.#countError(outcome.operation, outcome.failure);
    }
    if (outcome.traceId !== null) this.#slowest.offer(outcome, outcome.traceId);
  }

  endInterval(nowMs: number): IntervalRecord {
    const intervalMs = nowMs - this.#intervalStartMs;
    const record: IntervalRecord = {
      record: "interval",
      at_ms: nowMs - this.#startMs,
      interval_ms: intervalMs,
      put: this.#interval.put.summary(intervalMs),
      get: this.#interval.get.summary(intervalMs),
    };
    for (const operation of ["put", "get"] as const) {
      this.#total[operation].add(this.#interval[operation]);
      this.#interval[operation].reset();
    }
    this.#intervalStartMs = nowMs;
    return record;
  }

  /** Over all intervals that have ended. */
  total(operation: Operation, elapsedMs: number): OperationSummary {
    return this.#total[operation].summary(elapsedMs);
  }

  /** Most frequent first. */
  errors(): readonly ErrorCount[] {
    return [...this.#errors.values()].sort((a, b) => b.count - a.count);
  }

  slowest(): readonly SlowRequest[] {
    return this.#slowest.list();
  }

  #countError(operation: Operation, failure: { readonly kind: string; readonly text: string }): void {
    const key = `${operation} ${failure.kind}`;
    const known = this.#errors.get(key);
    if (known === undefined)
      this.#errors.set(key, { operation, kind: failure.kind, count: 1, example: failure.text });
    else known.count++;
  }
}
