/**
 * `connect`: no connection. `closed`: it went away before the reply was complete. `timeout`: the reply took too long.
 * `protocol`: the peer does not speak HTTP/1.1. `interrupted`: this program gave up, which is no fault of the peer.
 */
export type TransportFailure = "connect" | "closed" | "timeout" | "protocol" | "interrupted";

/** A request that got no complete reply. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.failure = failure;
  }
}
