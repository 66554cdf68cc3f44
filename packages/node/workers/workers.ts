/** What a node that is made of several processes asks its workers, so that one answer is that of the whole node. */
import type { DocumentName } from "@ais/cluster/snapshot.ts";
import type { TracingStats } from "@ais/tracing/types.ts";
import type { NodeSettings } from "@ais/wire/node-override.ts";
import type { InFlightRequest } from "@ais/wire/requests.ts";
import type { MetricsDump } from "../metrics/dump.ts";

/** Workers that do not answer in time are left out, and logged. */
export interface Workers {
  /** 0 in a node of one process, and in a worker itself. */
  readonly count: number;
  /** Of those that run, and what those that ended have counted. */
  metrics(): Promise<readonly MetricsDump[]>;
  tracingStats(): Promise<readonly TracingStats[]>;
  inFlight(): Promise<readonly InFlightRequest[]>;
  /** Resolves when every worker has the document in this version or a newer one; `unavailable` when one takes too long. */
  sync(document: DocumentName, version: string): Promise<void>;
  /** Changes under way in a bucket, as workers that have this version of the BMD see it. Rejects like `sync`. */
  writers(bucketId: bigint, bmdVersion: string): Promise<number>;
  exportTraces(traceIds: readonly string[]): void;
  /** Resolves when every worker goes by these settings of the node's own. */
  takeSettings(settings: NodeSettings): Promise<void>;
  /** `NodeMetrics.reset`, also of what ended workers have counted. */
  resetStats(onlyErrors: boolean): Promise<void>;
  /** Calls `write` with lines of `trace.tail`, the next time when it has resolved. Returns the way to stop. */
  watch(query: string, write: (lines: Uint8Array) => Promise<void>): () => void;
}

export const NO_WORKERS: Workers = {
  count: 0,
  metrics: async () => [],
  tracingStats: async () => [],
  inFlight: async () => [],
  sync: async () => {},
  writers: async () => 0,
  exportTraces() {},
  takeSettings: async () => {},
  resetStats: async () => {},
  watch: () => () => {},
};
