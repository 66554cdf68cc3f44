import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadContentHashing } from "../checksum.ts";
import { bodyOf, temporaryDirectory } from "../testing/store-fixture.ts";
import { encodeTrailer, type FileTrailer, readTrailer } from "./trailer.ts";

const directory = temporaryDirectory();
const path = join(directory, "object");
const hashing = await loadContentHashing();
const TRAILER: FileTrailer = {
  bucketId: 2n ** 63n + 1n,
  bucketName: "ais://bck",
  objectName: "dir/näme",
  record: {
    sizeBytes: 1_000,
    checksum: { type: "md5", value: "00ff" },
    versionCounter: 3,
    createdNs: 1_700_000_000_123_456_789n,
    atimeNs: 1n,
    custom: { source: "tést" },
  },
};

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("is read back from the end of the file", async () => {
  writeFileSync(path, Buffer.concat([bodyOf(1_000), encodeTrailer(TRAILER, hashing)]));
  expect(await readTrailer(path, hashing)).toEqual(TRAILER);
});

test("any changed byte of it is noticed", async () => {
  const trailer = encodeTrailer(TRAILER, hashing);
  for (let at = 0; at < trailer.byteLength; at++) {
    const damaged = Buffer.from(trailer);
    damaged[at] = (damaged[at] ?? 0) ^ 0x41;
    writeFileSync(path, Buffer.concat([bodyOf(1_000), damaged]));
    await expect(readTrailer(path, hashing)).rejects.toThrow("failed to read the trailer");
  }
});

test("a body that lost bytes is noticed", async () => {
  writeFileSync(path, Buffer.concat([bodyOf(999), encodeTrailer(TRAILER, hashing)]));
  await expect(readTrailer(path, hashing)).rejects.toThrow("another size");
  writeFileSync(path, "short");
  await expect(readTrailer(path, hashing)).rejects.toThrow("too short");
});
