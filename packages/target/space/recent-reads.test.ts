import { expect, test } from "bun:test";
import { RecentReads } from "./recent-reads.ts";

const key = (objectName: string, bucketId = 1n) => ({
  bucketId,
  bucketName: "ais://b",
  objectName,
  uname: "",
});

test("knows the last reads, and no more of them than the limit", () => {
  const reads = new RecentReads(2);
  expect(reads.lastReadMs(key("a"))).toBe(0);
  reads.note(key("a"), 1);
  reads.note(key("b"), 2);
  reads.note(key("a"), 3);
  reads.note(key("c"), 4);
  expect(["a", "b", "c"].map((name) => reads.lastReadMs(key(name)))).toEqual([3, 0, 4]);
  expect(reads.lastReadMs(key("a", 2n))).toBe(0);
  reads.forget(key("a"));
  expect(reads.lastReadMs(key("a"))).toBe(0);
});
