/** What nodes tell of single requests: under way (`what=inflight`) and finished (`trace.tail`). JSON, times in milliseconds. */

export interface RequestSummary {
  /** Daemon id. */
  readonly node: string;
  readonly operation: string;
  readonly method: string;
  /** `ais://nnn`; empty when the request names none. */
  readonly bucket: string;
  readonly object: string;
  /** Address of whoever is connected: the client, or the node that called. */
  readonly client: string;
  /** Empty while nothing is traced. */
  readonly trace_id: string;
}

export interface InFlightRequest extends RequestSummary {
  readonly age_ms: number;
  /** Name of the span that is open; `serve` before the reply is made and `send` after it, when none is. */
  readonly stage: string;
}

export interface FinishedRequest extends RequestSummary {
  /** Of the end, RFC 3339. */
  readonly time: string;
  readonly status: number;
  /** `sent`, or why the reply did not go out whole. */
  readonly outcome: string;
  readonly duration_ms: number;
  /** Of the reply's body. */
  readonly bytes: number;
  /** True: its spans were exported. */
  readonly sampled: boolean;
}

/** A line of `trace.tail` that is no request. */
export interface TailRemark {
  readonly node: string;
  /** Lines that this watcher lost, because it reads more slowly than requests finish. */
  readonly dropped?: number;
  /** The node cannot be followed at present, and why. */
  readonly lost?: string;
}

/** `what=inflight` of the cluster. */
export interface ClusterInFlight {
  /** Oldest first. */
  readonly requests: readonly InFlightRequest[];
  /** Daemon id to why that node did not answer. */
  readonly failures: Readonly<Record<string, string>>;
}
