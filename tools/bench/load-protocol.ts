/** Between the benchmark and its load generator. */
export interface LoadPlan {
  readonly port: number;
  readonly method: "GET" | "PUT";
  /** Paths with queries; every connection goes round them. */
  readonly targets: readonly string[];
  readonly requestBodyBytes: number;
  readonly replyBodyBytes: number;
  readonly connections: number;
  readonly seconds: number;
  /** Ends the load earlier; 0 is no limit. */
  readonly requestsMax: number;
}

export type LoadResult =
  | { readonly kind: "done"; readonly requests: number; readonly seconds: number }
  | { readonly kind: "failed"; readonly error: string };
