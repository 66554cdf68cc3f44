import type { Hrw } from "@ais/hrw/hrw.ts";
import type { DispatchTable, NodeServices } from "@ais/node/call.ts";
import type { ObjectStore } from "@ais/storage/types.ts";
import type { Operation } from "@ais/wire/operations.ts";

/** What the handlers of a target may use. */
export interface TargetServices extends NodeServices {
  readonly store: ObjectStore;
  readonly hrw: Hrw;
}

/** What a target does itself; the rest of the operations are a proxy's. */
export type TargetOperation = Extract<
  Operation,
  | "object.get"
  | "object.put"
  | "object.head"
  | "object.delete"
  | "daemon.get"
  | "daemon.set-config"
  | "health.get"
  | "metrics.get"
  | "intra.list"
  | "intra.sync"
>;

export type TargetDispatch = DispatchTable<TargetServices, TargetOperation>;
