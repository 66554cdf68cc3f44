import type { Clock } from "@ais/base/clock.ts";
import type { Operation } from "@ais/wire/operations.ts";
import type { DaemonType } from "@ais/wire/smap.ts";
import type { DispatchTable, NodeServices } from "./call.ts";
import type { HttpHandler } from "./http/types.ts";

export interface PipelineOptions<S extends NodeServices, O extends Operation> {
  readonly role: DaemonType;
  readonly dispatch: DispatchTable<S, O>;
  readonly services: S;
  readonly clock?: Clock;
}

export declare function createPipeline<S extends NodeServices, O extends Operation>(
  options: PipelineOptions<S, O>,
): HttpHandler;
