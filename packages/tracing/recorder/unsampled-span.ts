import type { Span } from "../types.ts";
import { LiveSpan } from "./live-span.ts";

/** Carries the context of a request that is not sampled, and knows its stage. Its children are itself. */
export class UnsampledSpan extends LiveSpan implements Span {
  readonly recording = false;
  readonly sampled = false;
  stage = "";
  set(): void {}
  add(): void {}
  describe(): void {}
  event(): void {}
  link(): void {}
  fail(): void {}
  exception(): void {}
  child(name: string): Span {
    this.stage = name;
    return this;
  }
  end(): void {
    this.stage = "";
  }
}
