import { HEADERS } from "@ais/wire/headers.ts";
import { QUERY } from "@ais/wire/queries.ts";
import type { InboundCarrier } from "../types.ts";
import { parseTraceParent, type TraceParent } from "../w3c/traceparent.ts";
import { normaliseTraceState } from "../w3c/tracestate.ts";
import type { ContextSigner } from "./context-signer.ts";

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

const SIGNATURE_HEADER = HEADERS.traceSignature.toLowerCase();

/**
 * The same where strangers are not believed: only what the cluster's key signed is continued. Everything else begins a
 * trace, linked to the one that the caller's headers (or a forged query) speak of. Without a key nobody is believed.
 */
export function readSignedInbound(carrier: InboundCarrier, signer: ContextSigner | null): InboundContext {
  const path = carrier.facts?.().path ?? "";
  const read = (item: (name: string) => string | null, signature: string | null): Claim | null => {
    const traceParent = item("traceparent");
    const context = parseTraceParent(traceParent);
    if (traceParent === null || context === null) return null;
    const traceState = item("tracestate") ?? "";
    const isOurs = signer?.verify(signature, { traceParent, traceState, path }) === true;
    return { context: withState(context, traceState), isOurs };
  };
  const query = read((name) => carrier.query(name), carrier.query(QUERY.traceSignature));
  const header = read((name) => carrier.header(name), carrier.header(SIGNATURE_HEADER));
  if (query?.isOurs) {
    const isOther = header !== null && header.context.traceId !== query.context.traceId;
    return { parent: query.context, link: isOther ? header.context : null };
  }
  if (header?.isOurs) return { parent: header.context, link: null };
  return { parent: null, link: (header ?? query)?.context ?? null };
}

interface Claim {
  readonly context: RemoteContext;
  readonly isOurs: boolean;
}

function withState(context: TraceParent, state: string | null): RemoteContext {
  return { ...context, state: normaliseTraceState(state) };
}
