import type { Logger } from "@ais/base/log.ts";
import type { Counters } from "../counters.ts";
import type { Ingest } from "../receive/ingest.ts";
import type { Receiving } from "../receive/receiving.ts";
import type { StoreLimits } from "../store/evict.ts";
import type { TraceReader } from "../store/reader.ts";

/** What the operations of the query port work with. */
export interface QueryContext {
  readonly reader: TraceReader;
  readonly ingest: Pick<Ingest, "submit">;
  /** Of the query port. */
  readonly receiving: Receiving;
  readonly counters: Counters;
  readonly limits: StoreLimits;
  readonly queuedBytes: () => number;
  readonly nowMs: () => number;
  readonly logger: Logger;
  readonly version: string;
  readonly otlpPorts: { readonly grpc: number; readonly http: number };
}

/** A request as an operation sees it. */
export interface QueryRequest {
  readonly query: URLSearchParams;
  /** Decoded variable parts of the path, in order. */
  readonly path: readonly string[];
}

export type QueryOperation = (context: QueryContext, request: QueryRequest) => Response;
