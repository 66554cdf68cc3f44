import type { Span } from "@ais/tracing/types.ts";
import type { Committed } from "./index/index-operation.ts";
import { SPAN_ATTRIBUTES } from "./span-names.ts";

/**
 * What an `ais.index.commit` span says of its transaction. The transaction has no span of its own: it serves many requests,
 * so it would belong to none of their traces, while its size and the wait for it explain each of them.
 */
export function describeCommit(
  span: Span,
  mountpath: { readonly path: string },
  { batchSize, queueMs }: Committed<unknown>,
): void {
  if (!span.recording) return;
  span.set(SPAN_ATTRIBUTES.mountpath, mountpath.path);
  span.set(SPAN_ATTRIBUTES.batchSize, batchSize);
  span.set(SPAN_ATTRIBUTES.queueMs, queueMs);
}
