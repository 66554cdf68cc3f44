import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { RecordingSpan } from "../testing/recording-span.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  PUT,
  READ,
  temporaryStore,
} from "../testing/store-fixture.ts";
import type { ObjectStore } from "../types.ts";

let opened: Awaited<ReturnType<typeof temporaryStore>>;
let store: ObjectStore;
let mountpath: string;

beforeAll(async () => {
  opened = await temporaryStore();
  store = opened.store;
  mountpath = join(opened.directory, "mp1");
});

afterAll(() => opened[Symbol.asyncDispose]());

function names(span: RecordingSpan): string[] {
  for (const child of span.children) expect([child.name, child.endCount]).toEqual([child.name, 1]);
  return span.children.map(({ name }) => name);
}

test("a PUT of a file shows receiving, flushing and committing", async () => {
  const span = new RecordingSpan();
  await store.put(keyOf("file"), bodyOf(FILE_BYTES), { ...PUT, durability: "fsync" }, span);
  expect(names(span)).toEqual(["ais.file.write", "ais.file.sync", "ais.index.commit"]);
  expect(span.named("ais.file.write").attributes).toEqual({
    "ais.mountpath": mountpath,
    "ais.bytes": FILE_BYTES,
    "ais.checksum.type": "xxhash2",
    "ais.receive.wait_ms": expect.any(Number),
  });
  expect(span.named("ais.index.commit").attributes).toEqual({
    "ais.mountpath": mountpath,
    "ais.storage.layout": "file",
    "ais.batch.size": 1,
    "ais.commit.queue_ms": expect.any(Number),
  });
});

test("PUTs that share a commit say how many they were", async () => {
  const span = new RecordingSpan();
  await Promise.all(
    ["p1", "p2", "p3"].map((name) => store.put(keyOf(name), bodyOf(INLINE_BYTES), PUT, span)),
  );
  expect(names(span)).toEqual(["ais.index.commit", "ais.index.commit", "ais.index.commit"]);
  expect(span.named("ais.index.commit").attributes).toMatchObject({
    "ais.storage.layout": "inline",
    "ais.batch.size": 3,
    "ais.bytes": INLINE_BYTES,
    "ais.checksum.type": "xxhash2",
  });
});

test("the read span of a file ends when the reader is released", async () => {
  await store.put(keyOf("read"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  const span = new RecordingSpan();
  const reader = await store.get(keyOf("read"), { verify: true, range: { suffixBytes: 5 } }, span);
  expect(span.named("ais.file.read").endCount).toBe(0);
  reader.release();
  expect(names(span)).toEqual(["ais.index.lookup", "ais.checksum", "ais.file.read"]);
  expect(span.named("ais.index.lookup").attributes).toEqual({
    "ais.mountpath": mountpath,
    "ais.storage.layout": "file",
  });
  expect(span.named("ais.checksum").attributes).toEqual({
    "ais.checksum.type": "xxhash2",
    "ais.bytes": FILE_BYTES,
    "ais.checksum.outcome": "ok",
  });
  expect(span.named("ais.file.read").attributes).toMatchObject({ "ais.bytes": 5, "ais.sendfile": true });
});

test("a GET of an inline object reads at once", async () => {
  await store.put(keyOf("inline"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  const span = new RecordingSpan();
  await store.get(keyOf("inline"), READ, span);
  expect(names(span)).toEqual(["ais.index.lookup", "ais.file.read"]);
  expect(span.named("ais.file.read").attributes).toMatchObject({
    "ais.bytes": INLINE_BYTES,
    "ais.sendfile": false,
    "ais.storage.layout": "inline",
  });
});

test("a refused body fails its write span and commits nothing", async () => {
  const span = new RecordingSpan();
  const expected = { type: "md5", value: "0" } as const;
  await store.put(keyOf("bad"), bodyOf(FILE_BYTES), { ...PUT, expected }, span).catch(() => {});
  expect(names(span)).toEqual(["ais.file.write"]);
  expect(span.named("ais.file.write").failure).toBe("checksumMismatch");
});
