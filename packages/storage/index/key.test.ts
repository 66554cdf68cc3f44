import { expect, test } from "bun:test";
import { bucketIdOfKey, keyPrefix, objectIndexKey, successorOfPrefix } from "./key.ts";

test("keys order by bucket, then by the UTF-8 bytes of the name", () => {
  const keys = [
    objectIndexKey(1n, "z"),
    objectIndexKey(1n, "\u{ffff}"),
    // A surrogate pair in UTF-16 sorts before U+FFFF there, after it in UTF-8.
    objectIndexKey(1n, "\u{10000}"),
    objectIndexKey(2n, "a"),
    objectIndexKey(2n ** 63n, "a"),
  ];
  expect(keys.toSorted(Buffer.compare)).toEqual(keys);
  expect(bucketIdOfKey(keys[4] ?? Buffer.alloc(8))).toBe(2n ** 63n);
});

test("the successor of a prefix is after all that starts with it", () => {
  expect(successorOfPrefix(Buffer.from("ab"))?.toString()).toBe("ac");
  expect(successorOfPrefix(Buffer.from([1, 0xff, 0xff]))).toEqual(Buffer.from([2]));
  expect(successorOfPrefix(keyPrefix(2n ** 64n - 1n, ""))).toBeNull();
});

test("refuses names that the index cannot hold", () => {
  expect(objectIndexKey(1n, "é".repeat(985)).byteLength).toBe(1978);
  expect(() => objectIndexKey(1n, "é".repeat(986))).toThrow("1972 bytes is too long, the limit is 1970");
  expect(() => objectIndexKey(1n, "")).toThrow("not valid text");
  expect(() => objectIndexKey(1n, "a\ud800")).toThrow("not valid text");
});
