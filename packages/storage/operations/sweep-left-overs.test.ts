/** Cleaning beside a store that serves: left-overs go, everything else stays. */
import { expect, test } from "bun:test";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { objectFilePath } from "../files/object-path.ts";
import { RecordingSpan } from "../testing/recording-span.ts";
import {
  bodyOf,
  FILE_BYTES,
  keyOf,
  objectFiles,
  PUT,
  readObject,
  temporaryStore,
} from "../testing/store-fixture.ts";

const HOUR_MS = 3_600_000;
const OLD = new Date(Date.now() - 3 * HOUR_MS);

test("removes old files that no record names, and nothing else", async () => {
  await using opened = await temporaryStore({ limits: { removalGraceMs: 0 } });
  const { store, directory } = opened;
  const mountpath = join(directory, "mp1");
  await store.put(keyOf("kept"), bodyOf(FILE_BYTES), PUT, NOOP_SPAN);
  const [kept = ""] = objectFiles(mountpath);
  const place = (fileId: bigint, suffix = ""): string => `${objectFilePath(mountpath, fileId)}${suffix}`;
  const keptPath = place(BigInt(`0x${kept}`));
  const orphan = place(0x1_0000_f001n);
  const young = place(0x1_0000_f002n);
  const temporary = place(0x1_0000_f003n, ".x.tmp");
  const foreign = join(objectFilePath(mountpath, 4n), "..", "README");
  for (const path of [orphan, young, temporary, foreign]) writeFileSync(path, "left over");
  for (const path of [keptPath, orphan, temporary, foreign]) utimesSync(path, OLD, OLD);

  expect(await store.sweepLeftOvers(4 * HOUR_MS, NOOP_SPAN)).toEqual({ files: 0, bytes: 0 });
  const isTemporary = existsSync(temporary);
  const job = new RecordingSpan("job");
  const found = await store.sweepLeftOvers(2 * HOUR_MS, job);
  expect(found).toEqual({ files: 2, bytes: 18 });
  expect(job.children).toMatchObject([
    {
      name: "ais.file.sweep",
      attributes: { "ais.mountpath": mountpath, "ais.files.removed": 2, "ais.bytes": 18 },
      endCount: 1,
    },
  ]);
  expect([keptPath, orphan, young, temporary, foreign].map(existsSync)).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  expect(isTemporary).toBe(true);
  expect(await readObject(store, "kept")).toEqual(bodyOf(FILE_BYTES));
});

test("leaves alone what is being written, and what waits for its removal", async () => {
  await using opened = await temporaryStore({ limits: { removalGraceMs: HOUR_MS } });
  const { store, directory } = opened;
  const mountpath = join(directory, "mp1");
  await store.put(keyOf("a"), bodyOf(FILE_BYTES, 1), PUT, NOOP_SPAN);
  await store.put(keyOf("a"), bodyOf(FILE_BYTES, 2), PUT, NOOP_SPAN);
  const rest = Promise.withResolvers<Uint8Array>();
  const writing = store.put(
    keyOf("b"),
    new ReadableStream({
      async start(controller) {
        controller.enqueue(bodyOf(FILE_BYTES, 3));
        controller.enqueue(await rest.promise);
        controller.close();
      },
    }),
    PUT,
    NOOP_SPAN,
  );
  while (objectFiles(mountpath).length < 3) await Bun.sleep(5);
  expect(await store.sweepLeftOvers(-HOUR_MS, NOOP_SPAN)).toEqual({ files: 0, bytes: 0 });
  rest.resolve(bodyOf(10, 4));
  await writing;
  expect(await store.sweepLeftOvers(-HOUR_MS, NOOP_SPAN)).toEqual({ files: 0, bytes: 0 });
  expect(objectFiles(mountpath)).toHaveLength(3);
  const job = new RecordingSpan("job");
  await store.reclaimSpace(job);
  expect(job.children).toMatchObject([
    { name: "ais.file.reclaim", attributes: { "ais.mountpath": mountpath }, endCount: 1 },
  ]);
  expect(objectFiles(mountpath)).toHaveLength(2);
  expect(await readObject(store, "b")).toEqual(Buffer.concat([bodyOf(FILE_BYTES, 3), bodyOf(10, 4)]));
});
