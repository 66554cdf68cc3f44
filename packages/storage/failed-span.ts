import { isAisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";

/** Does the work within a span of its own. */
export async function withSpan<T>(parent: Span, name: string, work: (span: Span) => Promise<T>): Promise<T> {
  const span = parent.child(name);
  try {
    const result = await work(span);
    span.end();
    return result;
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

/** The same of work that does not wait for anything. */
export function withSpanNow<T>(parent: Span, name: string, work: (span: Span) => T): T {
  const span = parent.child(name);
  try {
    const result = work(span);
    span.end();
    return result;
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

/** Ends a span whose work threw. */
export function endFailed(span: Span, error: unknown): void {
  if (span.recording) {
    span.fail(isAisError(error) ? error.code : error instanceof Error ? error.name : "Error");
    span.exception(error);
  }
  span.end();
}
