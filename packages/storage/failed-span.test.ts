import { expect, test } from "bun:test";
import { AisError } from "@ais/base/errors.ts";
import { withSpan, withSpanNow } from "./failed-span.ts";
import { RecordingSpan } from "./testing/recording-span.ts";

test("a span ends with its work, and tells how it failed", async () => {
  const parent = new RecordingSpan();
  const failure = new AisError("conflict", "no");
  const throwing = (): never => {
    throw failure;
  };
  expect(withSpanNow(parent, "now", () => 1)).toBe(1);
  expect(() => withSpanNow(parent, "now, failed", throwing)).toThrow(failure);
  expect(await withSpan(parent, "later", async () => 2)).toBe(2);
  await expect(withSpan(parent, "later, failed", async () => throwing())).rejects.toThrow(failure);
  expect(parent.children).toMatchObject([
    { name: "now", failure: null, endCount: 1 },
    { name: "now, failed", failure: "conflict", endCount: 1 },
    { name: "later", failure: null, endCount: 1 },
    { name: "later, failed", failure: "conflict", endCount: 1 },
  ]);
});
