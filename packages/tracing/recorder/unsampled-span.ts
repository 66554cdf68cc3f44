import type { Span } from "../types.ts";
import { LiveSpan } from "./live-span.ts";

/** Carries the context of a request that is not sampled, and nothing else. Its children are itself. */
export class UnsampledSpan extends LiveSpan implements Span {
  readonly recording = false;
  set(): void {}
  event(): void {}
  link(): void {}
  fail(): void {}
  exception(): void {}
  child(): Span {
    return this;
  }
  end(): void {}
}
