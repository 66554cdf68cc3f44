import type { RequestSummary } from "@ais/wire/requests.ts";
import { bucketOf } from "../bucket-of.ts";
import type { Call } from "../call.ts";

const NO_TRACE = /^0*$/;

export function summaryOf(call: Call, node: string): RequestSummary {
  const { operation, request, objectName, span } = call;
  const { traceId } = span.context;
  return {
    node,
    operation,
    method: request.method,
    bucket: bucketOf(call),
    object: objectName,
    client: request.remoteAddress,
    trace_id: NO_TRACE.test(traceId) ? "" : traceId,
  };
}
