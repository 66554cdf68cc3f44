import type { Call } from "@ais/node/call.ts";
import type { HttpReply } from "@ais/node/http/types.ts";
import type { ProxyServices } from "../services.ts";

/** Prometheus text, or OpenMetrics with exemplars when the scraper asks for it. */
export async function metricsGet(call: Call, services: ProxyServices): Promise<HttpReply> {
  const { contentType, body } = await services.metrics.expose(call.request.header("accept"));
  return { status: 200, headers: [["Content-Type", contentType]], body };
}
