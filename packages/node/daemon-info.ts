import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";

/** `what=` answers that both roles give (wire-compat 5.3); null when `what` is not one of them. */
export declare function daemonInfo(call: Call, services: NodeServices): Promise<HttpReply | null>;
