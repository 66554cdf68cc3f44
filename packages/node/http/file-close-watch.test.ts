import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, openSync, rmSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "@ais/base/assert.ts";
import { silentLogger } from "@ais/base/log.ts";
import { type FileCloseWatch, openFileCloseWatch } from "./file-close-watch.ts";

let directory: string;
let path: string;
let watch: FileCloseWatch;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "close-watch-"));
  path = join(directory, "file");
  await writeFile(path, "content");
  watch = must(openFileCloseWatch({ logger: silentLogger, sweepPeriodMs: 40 }), "this system has inotify");
});
afterEach(async () => {
  watch.close();
  await rm(directory, { recursive: true });
});

/** Adds a reader; `close` closes the file as the server does. */
function read(isClientGone = false): { readonly closed: Promise<void>; close(): void; ended: boolean } {
  const { dev, ino } = statSync(path);
  const { promise, resolve } = Promise.withResolvers<void>();
  const reader = {
    closed: promise,
    ended: false,
    close: () => closeSync(descriptor),
  };
  const added = watch.add({
    path,
    dev,
    ino,
    isClientGone: () => isClientGone,
    onClose: () => {
      reader.ended = true;
      resolve();
    },
  });
  expect(added).toBe(true);
  const descriptor = openSync(path, "r");
  return reader;
}

test("tells when a file is closed, and then forgets it", async () => {
  const reader = read();
  expect(watch.size).toBe(1);
  reader.close();
  await reader.closed;
  expect(watch.size).toBe(0);
});

test("ends the reader whose client is gone before an older one", async () => {
  const older = read();
  const gone = read(true);
  gone.close();
  await gone.closed;
  expect([older.ended, watch.size]).toEqual([false, 1]);
  older.close();
  await older.closed;
});

test("counts descriptors where the kernel folded events", async () => {
  const readers = Array.from({ length: 8 }, () => read());
  // All in one turn, so that nobody reads the events in between.
  for (const reader of readers.slice(1)) reader.close();
  await Promise.all(readers.slice(0, 7).map(({ closed }) => closed));
  expect(watch.size).toBe(1);
  readers[0]?.close();
  await readers[7]?.closed;
});

test("ends readers of a file that was deleted while it was open", async () => {
  const reader = read();
  rmSync(path);
  reader.close();
  await reader.closed;
});

test("sweeps up a reader whose file was never opened", async () => {
  const { dev, ino } = statSync(path);
  await new Promise<void>((resolve) => {
    watch.add({ path, dev, ino, isClientGone: () => true, onClose: resolve });
  });
  expect(watch.size).toBe(0);
});

test("ends everything when it is closed, and refuses more", async () => {
  const reader = read();
  watch.close();
  await reader.closed;
  reader.close();
  const { dev, ino } = statSync(path);
  expect(watch.add({ path, dev, ino, isClientGone: () => false, onClose() {} })).toBe(false);
});

test("refuses a file that is not there", () => {
  const missing = join(directory, "missing");
  expect(watch.add({ path: missing, dev: 0, ino: 0, isClientGone: () => false, onClose() {} })).toBe(false);
});

test("says once that the system cannot do it", () => {
  const lines: string[] = [];
  const logger = { log: (_level: string, message: string) => lines.push(message) };
  expect(openFileCloseWatch({ logger, library: "no-such-library.so" })).toBeNull();
  expect(lines).toHaveLength(1);
});
