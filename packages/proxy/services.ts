import type { Clock } from "@ais/base/clock.ts";
import type { Hrw } from "@ais/hrw/hrw.ts";
import type { DispatchTable, NodeServices } from "@ais/node/call.ts";
import type { Operation } from "@ais/wire/operations.ts";
import type { MembershipTransactions } from "./membership/transactions.ts";

/** What the handlers of a proxy may use. */
export interface ProxyServices extends NodeServices {
  readonly clock: Clock;
  readonly hrw: Hrw;
  readonly membership: MembershipTransactions;
}

/** `intra.list` is a target's, and so are the checks of stored data. */
export type ProxyOperation = Exclude<
  Operation,
  | "intra.list"
  | "intra.object-put"
  | "intra.jobs"
  | "intra.listing-stop"
  | "intra.promote"
  | "intra.promote-scan"
  | "intra.hand-over"
  | "intra.drop"
  | "intra.missing"
  | "intra.job-object"
  | "storage.status"
  | "storage.start"
  | "storage.stop"
>;

export type ProxyDispatch = DispatchTable<ProxyServices, ProxyOperation>;
