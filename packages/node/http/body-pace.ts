/**
 * Ends bodies that come too slowly: a client that sends a byte now and then would hold its connection, and what the
 * request holds besides, for as long as it likes. Only the time in which the client is waited for counts.
 */

import type { AisError } from "@ais/base/errors.ts";
import { limitReached } from "@ais/base/limits.ts";

export interface PaceLimits {
  /** Over a window as long as this a client sends, or takes, at least `leastBytesPerSecond`. */
  readonly windowMs: number;
  readonly leastBytesPerSecond: number;
}

/** Generous: programs that make what they send, or use what they read, stop now and then. */
export const DEFAULT_PACE: PaceLimits = { windowMs: 60_000, leastBytesPerSecond: 1024 };

/** A body being received. */
export interface PacedBody {
  readonly receivedBytes: number;
  /** Somebody waits for its next bytes. */
  readonly isAwaited: boolean;
  expire(error: AisError): void;
}

interface Window {
  /** Looks that found the body awaited. */
  awaitedLooks: number;
  sinceBytes: number;
}

const LOOKS_IN_A_WINDOW = 10;

/** One timer looks at all bodies, so that a piece that arrives costs nothing more. */
export class BodyPace {
  readonly #limits: PaceLimits;
  readonly #windows = new Map<PacedBody, Window>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
    this.#timer = setInterval(() => this.#look(), Math.ceil(limits.windowMs / LOOKS_IN_A_WINDOW));
    this.#timer.unref();
  }

  add(body: PacedBody): void {
    this.#windows.set(body, { awaitedLooks: 0, sinceBytes: body.receivedBytes });
  }

  remove(body: PacedBody): void {
    this.#windows.delete(body);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { windowMs, leastBytesPerSecond } = this.#limits;
    for (const [body, window] of this.#windows) {
      if (body.isAwaited) window.awaitedLooks += 1;
      if (window.awaitedLooks < LOOKS_IN_A_WINDOW) continue;
      const bytes = body.receivedBytes - window.sinceBytes;
      if ((bytes * 1000) / windowMs < leastBytesPerSecond) {
        this.#windows.delete(body);
        body.expire(
          limitReached(
            "body_rate",
            `the request body came too slowly: ${bytes} bytes in ${windowMs} ms, expecting ${leastBytesPerSecond} bytes/s`,
            { code: "requestTimeout" },
          ),
        );
      } else {
        window.awaitedLooks = 0;
        window.sinceBytes = body.receivedBytes;
      }
    }
  }
}
