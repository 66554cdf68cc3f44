import { bodyOf } from "./store-fixture.ts";

/** What step `step` of a slot does to its object, known to the process that is killed and to the test. */
export function isDeletion(slot: number, step: number): boolean {
  return (slot + step) % 7 === 0;
}

/** Small, file-sized and large bodies; content and size differ from step to step. */
export function crashBody(slot: number, step: number): Buffer {
  const sizes = [900, 30_000, 16_384, 400_000, 16_385];
  const sizeBytes = (sizes[(slot + step) % sizes.length] ?? 0) + (step % 50);
  return bodyOf(sizeBytes, slot * 1_000 + step);
}
