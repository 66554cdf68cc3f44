/** Damage done behind the store's back is reported, never served. */
import { expect, test } from "bun:test";
import { readFileSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogFields } from "@ais/base/log.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { loadContentHashing } from "../checksum.ts";
import { readTrailer } from "../files/trailer.ts";
import {
  bodyOf,
  FILE_BYTES,
  keyOf,
  PUT,
  READ,
  readObject,
  temporaryStore,
} from "../testing/store-fixture.ts";

async function storeWithFile() {
  const logged: { readonly message: string; readonly fields: LogFields | undefined }[] = [];
  const opened = await temporaryStore({
    logger: { log: (_, message, fields) => logged.push({ message, fields }) },
  });
  await opened.store.put(keyOf("a"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  const reader = await opened.store.get(keyOf("a"), READ, NOOP_SPAN);
  reader.release();
  if (reader.content.kind !== "file") throw new Error("expected an object file");
  return { opened, logged, path: reader.content.path };
}

for (const [what, damage] of [
  ["a missing file", unlinkSync],
  ["a file that is too short", (path: string) => truncateSync(path, FILE_BYTES)],
  ["an empty file", (path: string) => truncateSync(path, 0)],
] as const) {
  test(`${what} is an internal error that names the object`, async () => {
    const { opened, logged, path } = await storeWithFile();
    await using closing = opened;
    damage(path);
    await expect(closing.store.get(keyOf("a"), READ, NOOP_SPAN)).rejects.toMatchObject({
      code: "internal",
      message: 'object "ais://bck/a" is corrupt: its data is missing or incomplete',
    });
    expect(logged).toMatchObject([
      { message: "object file is damaged", fields: { object: "ais://bck/a", path } },
    ]);
    expect(closing.store.stats).toMatchObject({ corruptObjects: 1, readers: 0 });
    await closing.store.put(keyOf("a"), bodyOf(FILE_BYTES, 2), PUT, NOOP_SPAN);
    expect(await readObject(closing.store, "a")).toEqual(bodyOf(FILE_BYTES, 2));
  });
}

test("one wrong byte is found by verification, before anything is sent", async () => {
  const { opened, logged, path } = await storeWithFile();
  await using closing = opened;
  const bytes = readFileSync(path);
  bytes[FILE_BYTES - 1] = (bytes[FILE_BYTES - 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await expect(closing.store.get(keyOf("a"), { verify: true }, NOOP_SPAN)).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining('"ais://bck/a" is corrupt'),
  });
  expect(logged[0]?.message).toBe("object is corrupt");
  expect(closing.store.stats).toMatchObject({ corruptObjects: 1, readers: 0 });
});

test("the trailer of an object file says what the index says", async () => {
  const { opened, path } = await storeWithFile();
  await using closing = opened;
  const trailer = await readTrailer(path, await loadContentHashing());
  const attributes = await closing.store.head(keyOf("a"), NOOP_SPAN);
  expect(trailer).toMatchObject({
    bucketId: 1n,
    bucketName: "ais://bck",
    objectName: "a",
    record: {
      sizeBytes: FILE_BYTES,
      checksum: attributes?.checksum ?? null,
      versionCounter: 1,
      createdNs: attributes?.createdNs ?? 0n,
    },
  });
  expect(bodyOf(FILE_BYTES).equals(readFileSync(path).subarray(0, FILE_BYTES))).toBe(true);
  expect(join(opened.directory, "mp1/objects/01/0000000100000001")).toBe(path);
});
