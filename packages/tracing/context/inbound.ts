import type { InboundCarrier } from "../types.ts";
import { parseTraceParent, type TraceParent } from "../w3c/traceparent.ts";
import { normaliseTraceState } from "../w3c/tracestate.ts";

export interface RemoteContext extends TraceParent {
  /** Normalised; may be empty. */
  readonly state: string;
}

export interface InboundContext {
  /** Null: a new trace. */
  readonly parent: RemoteContext | null;
  /** The other trace that reaches this request, if there is one. */
  readonly link: RemoteContext | null;
}

const NEW_TRACE: InboundContext = { parent: null, link: null };

/**
 * The context of a request (tracing.md 3). The query's was put there by the proxy that redirected here, so it is nearer
 * than the headers of the client that followed: it is the parent. Headers of another trace become a link.
 */
export function readInbound(carrier: InboundCarrier): InboundContext {
  const fromHeader = parseTraceParent(carrier.header("traceparent"));
  const fromQuery = parseTraceParent(carrier.query("traceparent"));
  if (fromQuery === null) {
    if (fromHeader === null) return NEW_TRACE;
    return { parent: withState(fromHeader, carrier.header("tracestate")), link: null };
  }
  const parent = withState(fromQuery, carrier.query("tracestate"));
  if (fromHeader === null || fromHeader.traceId === fromQuery.traceId) return { parent, link: null };
  return { parent, link: withState(fromHeader, carrier.header("tracestate")) };
}

function withState(context: TraceParent, state: string | null): RemoteContext {
  return { ...context, state: normaliseTraceState(state) };
}
