/** The context of a span in the forms in which it leaves the process. A span that is not traced gives nothing. */
import { HEADERS } from "@ais/wire/headers.ts";
import { QUERY } from "@ais/wire/queries.ts";
import { LiveSpan } from "../recorder/live-span.ts";
import type { Span } from "../types.ts";
import { serverTimingText, traceParentWithin } from "../w3c/trace-text.ts";
import type { ContextSigner } from "./context-signer.ts";

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** Signs for `path`, which is what the call that carries the context is about. */
export interface Seal {
  readonly signer: ContextSigner;
  readonly path: string;
}

/** Baggage stays out: it is the client's, and the client sends it again with the request that follows. */
export function redirectQuery(span: Span, seal: Seal | null): string {
  if (!(span instanceof LiveSpan)) return "";
  const { state } = span.trace;
  const parent = `traceparent=${span.traceParent}`;
  const context = state === "" ? parent : `${parent}&tracestate=${encodeURIComponent(state)}`;
  return seal === null ? context : `${context}&${QUERY.traceSignature}=${sealOf(span, seal)}`;
}

export function outboundHeaders(span: Span, seal: Seal | null): Readonly<Record<string, string>> {
  if (!(span instanceof LiveSpan)) return NO_HEADERS;
  const headers: Record<string, string> = { traceparent: span.traceParent };
  if (span.trace.state !== "") headers.tracestate = span.trace.state;
  if (span.trace.baggage !== "") headers.baggage = span.trace.baggage;
  if (seal !== null) headers[HEADERS.traceSignature] = sealOf(span, seal);
  return headers;
}

function sealOf({ traceParent, trace }: LiveSpan, { signer, path }: Seal): string {
  return signer.sign({ traceParent, traceState: trace.state, path });
}

/** The same text twice: `traceresponse` for programs, `Server-Timing` for scripts in browsers, which see no other header. */
export function responseHeaders(span: Span): Readonly<Record<string, string>> {
  if (!(span instanceof LiveSpan)) return NO_HEADERS;
  const serverTiming = serverTimingText(span);
  return { traceresponse: traceParentWithin(serverTiming), "Server-Timing": serverTiming };
}
