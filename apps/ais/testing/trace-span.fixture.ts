import type { TraceSpan } from "../trace/span.ts";

/** A span of which nothing is known but what `known` says. */
export function traceSpan(known: Partial<TraceSpan>): TraceSpan {
  return {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "",
    parentId: "",
    service: "aistore-target",
    name: "",
    startUs: 0,
    durationUs: 0,
    error: false,
    kind: "internal",
    attributes: {},
    events: [],
    resource: {},
    ...known,
  };
}
