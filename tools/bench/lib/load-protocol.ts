/** Between a benchmark and its load generator. */

export interface LoadGroup {
  readonly method: "GET" | "PUT" | "HEAD" | "DELETE";
  /** Paths with queries; the load goes round them. */
  readonly targets: readonly string[];
  readonly requestBodyBytes: number;
  /** Null: what the reply's Content-Length says, which costs the generator some time. */
  readonly replyBodyBytes: number | null;
  readonly replyStatus: number;
}

export interface LoadPlan {
  readonly port: number;
  /** Requests alternate between the groups. */
  readonly groups: readonly LoadGroup[];
  readonly connections: number;
  readonly seconds: number;
  /** Ends the load earlier; 0 is no limit. */
  readonly requestsMax: number;
  /** Redirects are followed, once a request, on a connection to the other server that is kept as well. */
  readonly followsRedirects?: boolean;
}

/** Milliseconds from the first byte sent to the last one received, redirects included. */
export interface LoadLatency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

export type LoadResult =
  | {
      readonly kind: "done";
      readonly requests: number;
      readonly seconds: number;
      readonly latency: LoadLatency;
    }
  | { readonly kind: "failed"; readonly error: string };
