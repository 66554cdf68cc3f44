import { expect, test } from "bun:test";
import { contentRange, parseRange, resolveRange } from "./range.ts";

test.each([
  [null, { kind: "whole" }],
  ["", { kind: "whole" }],
  ["items=0-1", { kind: "invalid" }],
  ["bytes= 1 - 2 ", { kind: "single", range: { firstByte: 1, lastByte: 2 } }],
  ["bytes=0-99", { kind: "single", range: { firstByte: 0, lastByte: 99 } }],
  ["Bytes = 5-", { kind: "single", range: { firstByte: 5 } }],
  ["bytes=-7", { kind: "single", range: { suffixBytes: 7 } }],
  [
    "bytes=0-99999999999999999999",
    { kind: "single", range: { firstByte: 0, lastByte: Number.MAX_SAFE_INTEGER } },
  ],
  ["bytes=0-1, 4-5", { kind: "multiple", count: 2 }],
  ["bytes=0-1,", { kind: "single", range: { firstByte: 0, lastByte: 1 } }],
  ["bytes=", { kind: "invalid" }],
  ["bytes=-", { kind: "invalid" }],
  ["bytes=5-4", { kind: "invalid" }],
  ["bytes=a-b", { kind: "invalid" }],
  ["bytes=0-1,x", { kind: "invalid" }],
  ["bytes", { kind: "invalid" }],
  ["bytes=0--1", { kind: "invalid" }],
] as const)("%j", (header, expected) => {
  expect(parseRange(header)).toEqual(expected);
});

test.each([
  [{ firstByte: 0, lastByte: 99 }, 100, "bytes 0-99/100"],
  [{ firstByte: 0, lastByte: 500 }, 100, "bytes 0-99/100"],
  [{ firstByte: 99 }, 100, "bytes 99-99/100"],
  [{ suffixBytes: 7 }, 100, "bytes 93-99/100"],
  [{ suffixBytes: 700 }, 100, "bytes 0-99/100"],
  [{ firstByte: 0, lastByte: 0 }, 1, "bytes 0-0/1"],
])("%j of %d bytes", (range, sizeBytes, expected) => {
  const resolved = resolveRange(range, sizeBytes);
  expect(resolved === null ? null : contentRange(resolved, sizeBytes)).toBe(expected);
});

test.each([
  [{ firstByte: 100 }, 100],
  [{ firstByte: 0 }, 0],
  [{ suffixBytes: 0 }, 100],
  [{ suffixBytes: 5 }, 0],
])("%j of %d bytes is not satisfiable", (range, sizeBytes) => {
  expect(resolveRange(range, sizeBytes)).toBeNull();
});
