import { isAisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";

/** Ends a span whose work threw. */
export function endFailed(span: Span, error: unknown): void {
  if (span.recording) {
    span.fail(isAisError(error) ? error.code : error instanceof Error ? error.name : "Error");
    span.exception(error);
  }
  span.end();
}
