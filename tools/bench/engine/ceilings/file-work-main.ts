/** File work without a server, with the calls that a server would use: they run on the thread pool. */
import { closeSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { open, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { quantile } from "../../lib/statistics.ts";
import type { FileWork, FileWorkResult } from "./file-work.ts";

const CHUNK_BYTES = 1024 * 1024;
const chunk = crypto.getRandomValues(Buffer.alloc(65_536));
const content = Buffer.alloc(CHUNK_BYTES, chunk);

async function run(work: FileWork): Promise<number[]> {
  mkdirSync(work.directory, { recursive: true });
  switch (work.kind) {
    case "put":
      return putAll(work);
    case "put-blocking":
      return putBlocking(work);
    case "delete":
      return timed(work.objects, work.inFlight, Number.POSITIVE_INFINITY, (index) =>
        unlink(join(work.directory, `object-${index}`)),
      );
    case "write":
      return writeFiles(work);
  }
}

/** Calls `act` for every index, `inFlight` at a time, and gives each call's time in milliseconds. */
async function timed(
  count: number,
  inFlight: number,
  seconds: number,
  act: (index: number) => Promise<void>,
): Promise<number[]> {
  const latenciesMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count && performance.now() < endMs) {
      const startedMs = performance.now();
      await act(next++);
      latenciesMs.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return latenciesMs;
}

function putAll(work: Extract<FileWork, { kind: "put" }>): Promise<number[]> {
  const { directory, names, sync, objects, inFlight, seconds } = work;
  const body = content.subarray(0, work.bytes);
  return timed(objects, inFlight, seconds, async (index) => {
    const temporary = join(directory, `temporary-${index}`);
    const file = await open(temporary, "w");
    try {
      await file.write(body);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(directory, `object-${index % names}`));
  });
}

async function putBlocking(work: Extract<FileWork, { kind: "put-blocking" }>): Promise<number[]> {
  const body = content.subarray(0, work.bytes);
  return timed(Number.POSITIVE_INFINITY, 1, work.seconds, async (index) => {
    const temporary = join(work.directory, `temporary-${index}`);
    const file = openSync(temporary, "w");
    writeSync(file, body);
    closeSync(file);
    renameSync(temporary, join(work.directory, `object-${index % work.names}`));
  });
}

async function writeFiles(work: Extract<FileWork, { kind: "write" }>): Promise<number[]> {
  const path = join(work.directory, "whole");
  return timed(work.files, 1, Number.POSITIVE_INFINITY, async () => {
    const file = await open(path, "w");
    try {
      for (let left = work.bytes; left > 0; left -= CHUNK_BYTES) {
        await file.write(content.subarray(0, Math.min(left, CHUNK_BYTES)));
      }
      if (work.sync) await file.sync();
    } finally {
      await file.close();
    }
    await rm(path);
  });
}

async function answer(work: FileWork): Promise<FileWorkResult> {
  const startedMs = performance.now();
  try {
    const latenciesMs = await run(work);
    const seconds = (performance.now() - startedMs) / 1000;
    const sorted = Float64Array.from(latenciesMs).sort();
    return {
      error: null,
      objects: latenciesMs.length,
      seconds,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      p999Ms: quantile(sorted, 0.999),
    };
  } catch (error) {
    return { error: String(error), objects: 0, seconds: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0 };
  }
}

process.on("message", (work: FileWork) => {
  void answer(work).then((result) => process.send?.(result));
});
process.stdout.write("ready at 0\n");
