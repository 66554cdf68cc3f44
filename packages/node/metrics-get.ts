import type { Call, NodeServices } from "./call.ts";
import type { HttpReply } from "./http/types.ts";

/** `metrics.get` of both roles. */
export async function metricsGet(call: Call, { metrics, workers }: NodeServices): Promise<HttpReply> {
  const { contentType, body } = await metrics.expose(call.request.header("accept"), await workers.metrics());
  return { status: 200, headers: [["Content-Type", contentType]], body };
}
