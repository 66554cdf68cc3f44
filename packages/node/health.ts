import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";

/** `health.get` of both roles: uptime headers, `readiness`, `cii` (wire-compat 5.6). `prr` and `cii-apr` are the proxy's. */
export declare function healthGet(call: Call, services: NodeServices): HttpReply;
