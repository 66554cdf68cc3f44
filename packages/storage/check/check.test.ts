/** A check reports exactly the damage that was done, offline and in service, and nothing of what merely goes on. */
import { expect, test } from "bun:test";
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { loadContentHashing } from "../checksum.ts";
import { readTrailer } from "../files/trailer.ts";
import { IndexFile } from "../index-file/index-file.ts";
import { DATABASES } from "../on-disk-format.ts";
import { fillMountpath, findings, flipBit, indexDataPath, overwrite } from "../testing/damage.ts";
import { RecordingSpan } from "../testing/recording-span.ts";
import {
  bodyOf,
  FILE_BYTES,
  INLINE_BYTES,
  keyOf,
  objectFiles,
  openTestStore,
  PUT,
  readObject,
  streamOf,
  temporaryDirectory,
  temporaryStore,
} from "../testing/store-fixture.ts";
import type { CheckOptions, ObjectStore } from "../types.ts";

const hashing = await loadContentHashing();

async function filledMountpath() {
  const directory = temporaryDirectory();
  const contents = await fillMountpath(directory, 120);
  const mountpath = join(directory, "mp1");
  const files = objectFiles(mountpath).map((name) => join(mountpath, "objects", name.slice(-2), name));
  const objectOf = async (path: string): Promise<string> =>
    `ais://bck/${(await readTrailer(path, hashing)).objectName}`;
  return {
    mountpath,
    contents,
    files,
    objectOf,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

test("a sound mountpath has no damage", async () => {
  using at = await filledMountpath();
  expect(await findings(at.mountpath)).toEqual([]);
});

test("every kind of damage to files is reported, with the object, and nothing else", async () => {
  using at = await filledMountpath();
  const path = (place: number): string => must(at.files[place], "file");
  const names = await Promise.all(at.files.map(at.objectOf));
  const name = (place: number): string => must(names[place], "name");
  unlinkSync(path(0));
  truncateSync(path(1), 17_000);
  truncateSync(path(2), readFileSync(path(2)).byteLength - 3);
  writeFileSync(path(3), Buffer.concat([readFileSync(path(3)), Buffer.alloc(50)]));
  flipBit(path(4), 12_345);
  flipBit(path(5), -40);
  flipBit(path(6), -1);
  renameSync(path(7), join(at.mountpath, "objects/00/00000000000000ff"));
  const objects = join(at.mountpath, "objects");
  writeFileSync(join(objects, "00/0000000000000a00"), readFileSync(path(8)));
  writeFileSync(join(objects, "01/0000000000000b01.0123456789ab.tmp"), "half");
  writeFileSync(join(objects, "02/notes.txt"), "who put this here");
  const other = readFileSync(path(9));
  writeFileSync(path(10), other);
  const found = await findings(at.mountpath);
  const sizes = new Map(
    await Promise.all([9, 10].map(async (n) => [n, at.contents.get(name(n).slice(10))?.byteLength] as const)),
  );
  const expected = [
    ["missing-file", name(0)],
    ["wrong-size", name(1)],
    ["wrong-size", name(2)],
    ["wrong-size", name(3)],
    ["checksum-mismatch", name(4)],
    ["trailer-mismatch", name(5)],
    ["trailer-mismatch", name(6)],
    ["missing-file", name(7)],
    ["orphan-file", "00000000000000ff"],
    ["orphan-file", "0000000000000a00"],
    ["temporary-file", "0000000000000b01.0123456789ab.tmp"],
    ["orphan-file", "notes.txt"],
    // A whole file of another object: its end tells, and its content too.
    ...(sizes.get(9) === sizes.get(10)
      ? [
          ["trailer-mismatch", name(10)],
          ["checksum-mismatch", name(10)],
        ]
      : [["wrong-size", name(10)]]),
  ];
  expect(found.map(String).toSorted()).toEqual(expected.map(String).toSorted());
});

test("a record that cannot be read, and an inline body that has changed", async () => {
  using at = await filledMountpath();
  const inline = must(
    [...at.contents].find(([, body]) => body.byteLength > 8_000 && body.byteLength < 10_000),
    "inline",
  )[0];
  const small = must(
    [...at.contents].find(([, body]) => body.byteLength < 400),
    "small",
  )[0];
  const index = indexDataPath(at.mountpath);
  const bytes = readFileSync(index);
  // Old copies of the record's page are in the file as well.
  const damage = (name: string, offset: number, byte: number): void => {
    using file = IndexFile.open(index);
    const key = Buffer.concat([Buffer.from("0000000000000001", "hex"), Buffer.from(name)]);
    const record = file.find(must(file.trees().get(DATABASES.objects), "tree"), key);
    if (!Buffer.isBuffer(record)) throw new Error(`no record of ${name}`);
    for (let at = bytes.indexOf(record); at >= 0; at = bytes.indexOf(record, at + 1)) {
      overwrite(index, at + offset, Buffer.from([byte]));
    }
  };
  damage(inline, 5_000, 0xff);
  damage(small, 0, 99);
  expect((await findings(at.mountpath)).map(String).toSorted()).toEqual(
    [`bad-record,ais://bck/${small}`, `checksum-mismatch,ais://bck/${inline}`].toSorted(),
  );
});

function check(store: ObjectStore, options: Partial<CheckOptions> = {}, span = new RecordingSpan()) {
  const { signal } = new AbortController();
  const bucketName = (): string => "ais://bck";
  return store.check({ verify: true, mark: false, bytesPerSecond: 0, bucketName, signal, ...options }, span);
}

test("in service: writes, reads and removals under way are no damage", async () => {
  await using opened = await temporaryStore({ mountpaths: ["mp1", "mp2"], limits: { removalGraceMs: 20 } });
  const { store } = opened;
  let stopped = false;
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let step = 0; !stopped; step++) {
      const key = keyOf(`w${writer}-${step % 5}`);
      if (step % 4 === 3) await store.delete(key, "os", NOOP_SPAN);
      else await store.put(key, streamOf([bodyOf(20_000 + step, writer)]), PUT, NOOP_SPAN);
      if (step % 3 === 0) {
        await readObject(store, `w${writer}-0`).catch(() => {});
      }
    }
  });
  for (let round = 0; round < 2; round++) {
    const { reports, done } = check(store);
    await done;
    for (const report of reports()) expect(report.damages).toEqual([]);
  }
  stopped = true;
  await Promise.all(writers);
});

test("a scrub makes reads of damaged objects fail until they are right or replaced, also after a restart", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  for (const name of ["a", "b"]) await store.put(keyOf(name), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  await store.put(keyOf("c"), bodyOf(INLINE_BYTES), PUT, NOOP_SPAN);
  const paths = objectFiles(join(opened.directory, "mp1"))
    .toSorted()
    .map((name) => join(opened.directory, "mp1/objects", name.slice(-2), name));
  for (const path of paths) flipBit(path, 777);
  await expect(readObject(store, "a")).resolves.toBeDefined();
  const span = new RecordingSpan();
  const scrub = check(store, { mark: true }, span);
  await scrub.done;
  expect(scrub.reports()).toMatchObject([
    { objects: 3, verified_objects: 3, counts: { "checksum-mismatch": 2 }, finished: true },
  ]);
  expect(span.named("ais.storage.check").attributes).toMatchObject({ "ais.objects": 3, "ais.damages": 2 });
  expect(store.stats).toMatchObject({ verifiedObjects: 3, verifyMismatches: 2, checkDamages: 2 });
  await expect(readObject(store, "a")).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("is corrupt"),
  });
  expect(await readObject(store, "c")).toEqual(bodyOf(INLINE_BYTES));
  await store[Symbol.asyncDispose]();

  await using again = await openTestStore(opened.directory);
  await expect(readObject(again, "b")).rejects.toThrow("is corrupt");
  // The same content with its checksum would change nothing, were the object not damaged.
  const { checksum } = must(await again.head(keyOf("a"), NOOP_SPAN), "a");
  await again.put(
    keyOf("a"),
    bodyOf(FILE_BYTES),
    { ...PUT, ...(checksum === null ? {} : { expected: checksum }), sizeBytes: FILE_BYTES },
    NOOP_SPAN,
  );
  expect(await readObject(again, "a")).toEqual(bodyOf(FILE_BYTES));
  flipBit(must(paths[1], "path"), 777);
  await check(again, { mark: true }).done;
  expect(await readObject(again, "b")).toEqual(bodyOf(FILE_BYTES));
});

test("a check can be stopped, and keeps to its rate", async () => {
  await using opened = await temporaryStore();
  const { store } = opened;
  for (let n = 0; n < 10; n++) await store.put(keyOf(`o${n}`), bodyOf(400_000, n), PUT, NOOP_SPAN);
  const startedMs = performance.now();
  const limited = check(store, { bytesPerSecond: 8_000_000 });
  await limited.done;
  expect(performance.now() - startedMs).toBeGreaterThan(400);
  const controller = new AbortController();
  const stopped = check(store, { bytesPerSecond: 100_000, signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await expect(stopped.done).rejects.toThrow("aborted");
  expect(must(stopped.reports()[0], "report").finished).toBe(false);
  expect(store.stats.readers).toBe(0);
});

test("a damaged mountpath keeps its report within bounds", async () => {
  const directory = temporaryDirectory();
  await using store = await openTestStore(directory);
  const objects = join(directory, "mp1/objects");
  mkdirSync(objects, { recursive: true });
  for (let n = 0; n < 1_100; n++) writeFileSync(join(objects, `07/junk-${n}`), "");
  const { reports, done } = check(store);
  await done;
  expect(reports()).toMatchObject([{ counts: { "orphan-file": 1_100 }, damages_omitted: 100 }]);
  rmSync(directory, { recursive: true, force: true });
});
