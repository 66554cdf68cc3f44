/** `intra.trace-test`: this node sends one span to the collector and says what came of it. */
import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";
import { jsonReply } from "./replies.ts";

export async function intraTraceTest(_call: Call, { tracing }: NodeServices): Promise<HttpReply> {
  return jsonReply(await tracing.test());
}
