/**
 * Every limit that a request or a connection can meet, by the name under which it is counted (`limit_hits_count`) and told
 * in the trace (`ais.limit`). How large each is stands where it is enforced, with its unit.
 */
import { AisError, type ErrorCode } from "./errors.ts";

export const LIMITS = {
  open_writes: "object files being received at a time",
  receive_start: "memory of bodies that are small, or whose object file has not begun",
  slow_receive: "rate of a body while others wait for its place",
  body_rate: "least rate of a request's body",
  reply_rate: "least rate at which a client takes its reply",
  head_time: "time in which a request's head must be there",
  connections: "open connections",
  append_parts: "appends to an object without a flush",
  open_jobs: "jobs that have not ended",
  request_watchers: "readers of what a node finishes",
  free_space: "space that every mountpath keeps free",
  out_of_space: "share of a mountpath that may be used (space.out_of_space)",
} as const;

export type LimitName = keyof typeof LIMITS;

export interface LimitErrorOptions {
  /** `tooManyRequests` (429) without it. */
  readonly code?: ErrorCode;
  readonly retryAfterSeconds?: number;
}

const RETRY_AFTER_SECONDS = 1;

/** What somebody gets who has met a limit: it names the limit, and says when to try again. */
export function limitReached(limit: LimitName, message: string, options: LimitErrorOptions = {}): AisError {
  const { code = "tooManyRequests", retryAfterSeconds = RETRY_AFTER_SECONDS } = options;
  return new AisError(code, message, { limit, headers: { "Retry-After": String(retryAfterSeconds) } });
}

/** How often each limit was met, since the start. */
export class LimitTally {
  readonly #counts = new Map<LimitName, number>();

  hit(limit: LimitName): void {
    this.#counts.set(limit, this.count(limit) + 1);
  }

  count(limit: LimitName): number {
    return this.#counts.get(limit) ?? 0;
  }
}
