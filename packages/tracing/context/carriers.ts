/** The context of a span in the forms in which it leaves the process. A span that is not traced gives nothing. */
import { LiveSpan } from "../recorder/live-span.ts";
import type { Span } from "../types.ts";

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** Baggage stays out: it is the client's, and the client sends it again with the request that follows. */
export function redirectQuery(span: Span): string {
  if (!(span instanceof LiveSpan)) return "";
  const { state } = span.trace;
  const parent = `traceparent=${span.traceParent}`;
  return state === "" ? parent : `${parent}&tracestate=${encodeURIComponent(state)}`;
}

export function outboundHeaders(span: Span): Readonly<Record<string, string>> {
  if (!(span instanceof LiveSpan)) return NO_HEADERS;
  const headers: Record<string, string> = { traceparent: span.traceParent };
  if (span.trace.state !== "") headers.tracestate = span.trace.state;
  if (span.trace.baggage !== "") headers.baggage = span.trace.baggage;
  return headers;
}

/** The same text twice: `traceresponse` for programs, `Server-Timing` for scripts in browsers, which see no other header. */
export function responseHeaders(span: Span): Readonly<Record<string, string>> {
  if (!(span instanceof LiveSpan)) return NO_HEADERS;
  return {
    traceresponse: span.traceParent,
    "Server-Timing": `traceparent;desc="${span.traceParent}"`,
  };
}
