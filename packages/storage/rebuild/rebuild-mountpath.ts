/**
 * Makes a new index from what can still be read of the old one and from the object files, and puts it in its place. What
 * it does not use is kept aside: a rebuild deletes nothing.
 *
 * Which file is an object, when the old index does not name it:
 *   - not one that has lost its mark: it was replaced or deleted (files/deferred-removal.ts);
 *   - not one that the readable part of the old index rules out (rebuild/salvage.ts);
 *   - of the others with the same name the newest: by run of the daemon, then by time.
 */
import { existsSync } from "node:fs";
import { mkdir, opendir, rename, rm, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { syncDirectory } from "@ais/base/durable-write.ts";
import type { RebuildReport } from "@ais/wire/storage-report.ts";
import { lockMountpath } from "../check/check-offline.ts";
import { type ContentHashing, loadContentHashing } from "../checksum.ts";
import { StorageCounters } from "../counters.ts";
import { NO_STORAGE_FAULTS } from "../faults.ts";
import { fileIdOfName, objectFilePath, objectSubdirectory } from "../files/object-path.ts";
import { ObjectIndex } from "../index/object-index.ts";
import { noteIndex } from "../mountpath.ts";
import {
  ASIDE_PREFIX,
  INDEX_DIRECTORY,
  OBJECT_SUBDIRECTORY_COUNT,
  OBJECTS_DIRECTORY,
  REBUILD_DIRECTORY,
} from "../on-disk-format.ts";
import { IndexWriter } from "./index-writer.ts";
import { Salvage } from "./salvage.ts";
import { swapDirectories } from "./swap-directories.ts";

export interface RebuildOptions {
  readonly mountpath: string;
  readonly signal: AbortSignal;
  /** Called now and then with the records salvaged and the files looked at so far. */
  readonly onProgress?: (records: number, files: number) => void;
}

const PROGRESS_EVERY_COUNT = 256;

/** Errors: `notFound` for what is no mountpath, `conflict` while a daemon has it open, `outOfSpace`; then all is as it was. */
export async function rebuildMountpath(options: RebuildOptions): Promise<RebuildReport> {
  const mountpath = resolve(options.mountpath);
  using _lock = lockMountpath(mountpath);
  const aside = await makeAsideDirectory(mountpath);
  using salvage = new Salvage(mountpath);
  const hashing = await loadContentHashing();
  let writer: IndexWriter;
  try {
    writer = await writeIndex(mountpath, salvage, hashing, options);
  } catch (error) {
    await rm(join(mountpath, REBUILD_DIRECTORY), { recursive: true, force: true });
    await rmdir(join(aside, OBJECTS_DIRECTORY)).catch(() => {});
    // Fails, as it should, when an earlier rebuild's rest is in it.
    await rmdir(aside).catch(() => {});
    throw error;
  }
  for (const path of writer.unusedFiles) await moveAside(path, join(aside, OBJECTS_DIRECTORY));
  await putInPlace(mountpath, aside);
  await noteIndex(mountpath, NO_STORAGE_FAULTS.files);
  const { expectedRecords } = salvage;
  return {
    mountpath,
    ...writer.counts,
    lost_records: expectedRecords === null ? null : Math.max(0, expectedRecords - writer.recoveredRecords),
    newest_state: salvage.isNewestState,
    aside,
  };
}

async function writeIndex(
  mountpath: string,
  salvage: Salvage,
  hashing: ContentHashing,
  options: RebuildOptions,
): Promise<IndexWriter> {
  await using index = new ObjectIndex({
    mountpath,
    directoryName: REBUILD_DIRECTORY,
    faults: NO_STORAGE_FAULTS,
    counters: new StorageCounters(),
    commitBatchCount: 1,
  });
  const writer = new IndexWriter(index, hashing, (fileId) => objectFilePath(mountpath, fileId));
  let records = 0;
  let files = 0;
  const tick = (): void => {
    options.signal.throwIfAborted();
    if ((records + files) % PROGRESS_EVERY_COUNT === 0) options.onProgress?.(records, files);
  };
  for (const entry of salvage.entries()) {
    await writer.salvaged(entry);
    records += 1;
    tick();
  }
  await writer.flush();
  for await (const { fileId, path } of objectFiles(mountpath)) {
    await writer.file(fileId, path, salvage);
    files += 1;
    tick();
  }
  await writer.finish(salvage.run);
  options.onProgress?.(records, files);
  return writer;
}

async function* objectFiles(mountpath: string) {
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT; number++) {
    const directory = objectSubdirectory(mountpath, number);
    if (!existsSync(directory)) continue;
    for await (const { name } of await opendir(directory)) {
      const fileId = fileIdOfName(name);
      if (fileId !== null) yield { fileId, path: join(directory, name) };
    }
  }
}

/** Also takes in what a rebuild left that was broken off: it may hold the index of before. */
async function makeAsideDirectory(mountpath: string): Promise<string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  let aside = join(mountpath, `${ASIDE_PREFIX}${time}`);
  for (let number = 2; existsSync(aside); number++)
    aside = join(mountpath, `${ASIDE_PREFIX}${time}-${number}`);
  await mkdir(join(aside, OBJECTS_DIRECTORY), { recursive: true });
  const leftOver = join(mountpath, REBUILD_DIRECTORY);
  if (existsSync(leftOver)) await rename(leftOver, join(aside, REBUILD_DIRECTORY));
  return aside;
}

async function moveAside(path: string, directory: string): Promise<void> {
  await rename(path, join(directory, path.slice(path.lastIndexOf("/") + 1)));
}

async function putInPlace(mountpath: string, aside: string): Promise<void> {
  const made = join(mountpath, REBUILD_DIRECTORY);
  const index = join(mountpath, INDEX_DIRECTORY);
  await syncDirectory(made);
  await syncDirectory(join(aside, OBJECTS_DIRECTORY));
  if (existsSync(index)) {
    swapDirectories(made, index, join(mountpath, `${REBUILD_DIRECTORY}-swap`));
    await rename(made, join(aside, INDEX_DIRECTORY));
  } else {
    await rename(made, index);
  }
  await syncDirectory(aside);
  await syncDirectory(mountpath);
}
