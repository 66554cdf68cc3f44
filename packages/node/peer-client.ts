/** Calls from one node to another: one CLIENT span each, continuing the trace of the request being served. */
import type { Span, Tracing } from "@ais/tracing/types.ts";
import type { Snode } from "@ais/wire/smap.ts";

export interface PeerRequest {
  readonly method: string;
  /** Percent-encoded. */
  readonly path: string;
  /** Raw, without `?`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Largest reply body taken; the default is `PEER_REPLY_LIMIT_BYTES`. */
  readonly replyLimitBytes?: number;
  /** Gives the call up early. */
  readonly signal?: AbortSignal;
}

export interface PeerResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export const PEER_REPLY_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Resolves with whatever status the peer answered once the body is whole. Throws `unavailable` when the peer cannot be
 * reached, does not answer in time or its reply breaks off.
 */
export declare function callPeer(
  peer: Snode,
  request: PeerRequest,
  span: Span,
  tracing: Tracing,
): Promise<PeerResponse>;
