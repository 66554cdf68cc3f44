/**
 * What a run measured, in the form in which it is written as JSON. `--stats-output` writes an array of interval records
 * with the summary as its last element; `--json` the summary alone.
 */

export type EndedBy = "duration" | "max-puts" | "total-put-size" | "epochs" | "interrupted";

export type Operation = "put" | "get";

/** Milliseconds, over successful operations only, from the first byte sent to the last one received, redirects included. */
export interface LatencySummary {
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface OperationSummary {
  /** Successful ones. */
  readonly count: number;
  readonly errors: number;
  /** Object bytes of successful operations. */
  readonly bytes: number;
  readonly operations_per_second: number;
  readonly bytes_per_second: number;
  /** Null when nothing succeeded. */
  readonly latency_ms: LatencySummary | null;
}

export interface IntervalRecord {
  readonly record: "interval";
  /** From the start of the load to the end of this interval. */
  readonly at_ms: number;
  readonly interval_ms: number;
  readonly put: OperationSummary;
  readonly get: OperationSummary;
}

export interface ErrorCount {
  readonly operation: Operation;
  /** An HTTP status, or a failure without one: `connect`, `closed`, `timeout`, `protocol`, `checksum`. */
  readonly kind: string;
  readonly count: number;
  /** Text of the first one. */
  readonly example: string;
}

/** A request that this program gave a sampled trace context. */
export interface SlowRequest {
  readonly trace_id: string;
  readonly operation: Operation;
  readonly object_name: string;
  readonly latency_ms: number;
  /** `ok`, or the kind of the error. */
  readonly outcome: string;
}

export interface LoadSummary {
  readonly record: "summary";
  /** RFC 3339. */
  readonly started_at: string;
  /** From the first request to the end of the last one. */
  readonly elapsed_ms: number;
  readonly ended_by: EndedBy;
  /** Closed: a worker sends its next request when the last one is answered, so a slow cluster gets fewer requests. */
  readonly load_model: "closed-loop";
  readonly endpoint: string;
  readonly bucket: string;
  readonly route: string;
  readonly workers: number;
  /** Gives the same names, sizes, contents and order of operations again. */
  readonly seed: number;
  readonly put: OperationSummary;
  readonly get: OperationSummary;
  readonly errors: readonly ErrorCount[];
  readonly http: {
    readonly connections: number;
    readonly redirects: number;
    /** Requests sent again because a kept connection had been closed by the peer. */
    readonly repeats: number;
  };
  /** Slowest first; empty without traced requests. */
  readonly slowest: readonly SlowRequest[];
  /** Null when the clean-up succeeded or was not asked for. */
  readonly cleanup_error: string | null;
}
