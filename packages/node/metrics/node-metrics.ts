import type { Tracing } from "@ais/tracing/types.ts";
import type { DaemonType } from "@ais/wire/smap.ts";
import type { NodeMetrics } from "./types.ts";

export interface NodeMetricsOptions {
  readonly role: DaemonType;
  readonly nodeId: string;
  readonly tracing: Tracing;
}

export declare function createNodeMetrics(options: NodeMetricsOptions): NodeMetrics;
