import { errorText, isAisError } from "@ais/base/errors.ts";
import type { Span } from "@ais/tracing/types.ts";
import { ATTRIBUTE } from "./span-names.ts";

/** Does the work, which is about `document`, within `span`, and ends that. */
export async function inCoordinatorSpan<T>(
  span: Span,
  document: string,
  body: (span: Span) => Promise<T>,
): Promise<T> {
  span.set(ATTRIBUTE.document, document);
  try {
    return await body(span);
  } catch (error) {
    // A change that refuses, as for a bucket that exists, is an answer and not a failure of the coordinator.
    if (!isAisError(error) || error.status >= 500) {
      span.fail(isAisError(error) ? error.code : "internal", errorText(error));
      span.exception(error);
    }
    throw error;
  } finally {
    span.end();
  }
}
