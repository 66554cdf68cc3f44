/** How object files that no record names any more go away. One process of a target removes them; the others tell it. */
import type { Span, SpanContext } from "@ais/tracing/types.ts";

export interface FileRemoval extends AsyncDisposable {
  /** Files that wait for their removal. */
  readonly pendingCount: number;
  /** Readers of this process. */
  readonly readerCount: number;
  /** True while the file waits for its removal. */
  isPending(fileId: bigint): boolean;
  /** Keeps the file until the returned function is called; to be taken in the same turn as the index lookup. */
  lease(fileId: bigint): () => void;
  /** The index transaction that took the file's record away is durable. `span` is of the request that asked for it. */
  retire(fileId: bigint, span: Span): void;
  /** Gives up the grace period of everything that nobody reads, to get space back. */
  expedite(): Promise<void>;
}

/** The request that made a file superfluous, if its trace is kept. */
export type RemovalCause = SpanContext | null;

export function causeOf(span: Span): RemovalCause {
  return span.sampled ? span.context : null;
}
