import type { QueryContext } from "./context.ts";
import type { OwnStats } from "./own-types.ts";
import { jsonReply } from "./replies.ts";

/** `GET /api/aistrace/stats` */
export function getStats({ reader, counters, limits, version, otlpPorts }: QueryContext): Response {
  const { spans, traces } = reader.counts();
  const body: OwnStats = {
    version,
    otlpPorts,
    traces,
    spans,
    bytes: reader.bytes(),
    maxBytes: limits.maxBytes,
    maxAgeMs: limits.maxAgeMs,
    received: counters.spansReceived,
    stored: counters.spansStored,
    refused: counters.spansRefused,
    evicted: counters.spansEvicted,
    requestsRefused: counters.requestsRefused,
  };
  return jsonReply(body);
}
