/** How nodes of one cluster know each other's trace contexts from a stranger's (`tracing.trust_inbound=never`). */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "@ais/base/clock.ts";

/** A client may take its time between a redirect and the request that follows, and clocks differ. */
export const SIGNATURE_TTL_MS = 300_000;
/** Half of SHA-256: more than enough against guessing, and the URL stays short. */
const MAC_BYTES = 16;
const SIGNATURE = /^([0-9a-z]{1,11})\.([\w-]{22})$/;

export interface SignedContext {
  /** As it travels. */
  readonly traceParent: string;
  readonly traceState: string;
  /** What the call is about: a context taken from one object's redirect is none for another's. */
  readonly path: string;
}

export class ContextSigner {
  readonly #key: Uint8Array;
  readonly #clock: Clock;

  constructor(key: Uint8Array, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** `<end of validity, ms since the epoch in base 36>.<MAC in base64url>`: needs no escaping in a query. */
  sign(context: SignedContext): string {
    const until = Math.floor(this.#clock.nowMs() + SIGNATURE_TTL_MS).toString(36);
    return `${until}.${this.#mac(context, until).toString("base64url")}`;
  }

  verify(signature: string | null, context: SignedContext): boolean {
    const [, until = "", mac = ""] = SIGNATURE.exec(signature ?? "") ?? [];
    if (mac === "") return false;
    // The text may be anybody's, so it is compared in constant time before it says anything.
    const isOurs = timingSafeEqual(this.#mac(context, until), Buffer.from(mac, "base64url"));
    return isOurs && Number.parseInt(until, 36) > this.#clock.nowMs();
  }

  /** Neither a time, a version 00 nor a path can hold a line feed, so no two contexts make the same text. */
  #mac({ traceParent, traceState, path }: SignedContext, until: string): Buffer {
    const text = `${until}\n${traceParent}\n${traceState}\n${path}`;
    return createHmac("sha256", this.#key).update(text).digest().subarray(0, MAC_BYTES);
  }
}
