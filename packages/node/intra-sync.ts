import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";

/** `POST /v1/intra/sync?document=bmd&version=N`: replies once this node's copy has at least that version. */
export declare function intraSync(call: Call, services: NodeServices): Promise<HttpReply>;
