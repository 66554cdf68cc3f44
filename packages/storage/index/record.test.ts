import { expect, test } from "bun:test";
import { copyBytes, decodeRecord, encodeRecord, type NewRecord } from "./record.ts";

const RECORD: NewRecord = {
  sizeBytes: 3,
  checksum: { type: "xxhash2", value: "0123456789abcdef" },
  versionCounter: 7,
  createdNs: 1_700_000_000_123_456_789n,
  atimeNs: 1_700_000_001_000_000_000n,
  custom: { k: "v" },
  fileId: 0n,
};

test("an inline record comes back, with its body behind it", () => {
  const bytes = encodeRecord(RECORD, Buffer.from("abc"));
  const { bodyOffset, ...record } = decodeRecord(bytes, bytes.byteLength);
  expect(record).toEqual({ ...RECORD, isDamaged: false });
  expect(copyBytes(bytes, bodyOffset, bodyOffset + 3).toString()).toBe("abc");
});

test("a file record comes back, with sizes beyond 32 bits", () => {
  const large = { ...RECORD, sizeBytes: 2 ** 45 + 5, fileId: 2n ** 40n + 1n, checksum: null, custom: {} };
  const bytes = encodeRecord(large);
  expect(decodeRecord(bytes, bytes.byteLength)).toMatchObject(large);
});

test("decodes from a larger buffer that is overwritten afterwards", () => {
  const bytes = encodeRecord(RECORD, Buffer.from("abc"));
  const shared = Buffer.concat([bytes, Buffer.alloc(100, 0xee)]);
  const record = decodeRecord(shared, bytes.byteLength);
  shared.fill(0);
  expect(record.checksum?.value).toBe("0123456789abcdef");
  expect(record.custom).toEqual({ k: "v" });
});

test("the bytes on disk stay what they are", () => {
  expect(encodeRecord(RECORD, Buffer.from("abc")).toString("hex")).toBe(
    "01020208" + // version, flags, checksum type, checksum length
      "0300000000000000" + // size
      "0700000000000000" + // version counter
      "15cd853dfe9c9717" + // created
      "00cac471fe9c9717" + // last access
      "0000000000000000" + // file id
      "05000000" + // custom length
      "0123456789abcdef" +
      "81a16ba176" +
      "616263",
  );
});

test("custom metadata keeps every key, and is read as it was written before", () => {
  const custom = Object.fromEntries([
    ["__proto__", "1"],
    ["constructor", "2"],
    ["", "3"],
  ]);
  const bytes = encodeRecord({ ...RECORD, custom }, Buffer.from("abc"));
  expect(Object.entries(decodeRecord(bytes, bytes.byteLength).custom)).toEqual(Object.entries(custom));
});

test("refuses damage instead of reading past it", () => {
  const bytes = encodeRecord(RECORD, Buffer.from("abc"));
  expect(() => decodeRecord(bytes, bytes.byteLength - 1)).toThrow("inline body is whole");
  expect(() => decodeRecord(bytes, 20)).toThrow();
  bytes[0] = 9;
  expect(() => decodeRecord(bytes, bytes.byteLength)).toThrow("known version");
});
