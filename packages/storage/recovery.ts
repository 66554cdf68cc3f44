/**
 * What a crash leaves behind is removed before the store serves: files that were being written, complete files whose
 * record was not committed, and files whose deferred removal did not happen. Only names are read, one at a time.
 */
import { opendir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { TEMPORARY_SUFFIX } from "@ais/base/durable-write.ts";
import type { Logger } from "@ais/base/log.ts";
import type { ContentHashing } from "./checksum.ts";
import { fileIdOfName, objectFilePath, objectSubdirectory, runOfFileId } from "./files/object-path.ts";
import { readTrailer } from "./files/trailer.ts";
import { objectIndexKey } from "./index/key.ts";
import type { ObjectIndex } from "./index/object-index.ts";
import { OBJECT_SUBDIRECTORY_COUNT } from "./on-disk-format.ts";
import { refusal } from "./start-check.ts";

export interface RecoveryReport {
  readonly keptFiles: number;
  readonly removedFiles: number;
}

/**
 * Must have the mountpath to itself: a file of a write in progress would be taken for a left-over. Throws `internal`,
 * and removes nothing, when the index is not the one that belongs to the files: what it does not name is then no garbage.
 */
export async function recoverObjectFiles(
  mountpath: string,
  index: ObjectIndex,
  hashing: ContentHashing,
  logger: Logger,
): Promise<RecoveryReport> {
  let keptFiles = 0;
  const leftOvers: string[] = [];
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT; number++) {
    const directory = objectSubdirectory(mountpath, number);
    for await (const { name } of await opendir(directory)) {
      const path = join(directory, name);
      const fileId = fileIdOfName(name);
      if (fileId !== null) requireKnownRun(mountpath, index, fileId);
      if (fileId === null && !name.endsWith(TEMPORARY_SUFFIX)) {
        logger.log("warn", "unknown file beside object files, left alone", { path });
      } else if (fileId !== null && index.namesFile(fileId)) {
        keptFiles += 1;
      } else {
        if (fileId !== null) await requireUnnamed(mountpath, index, fileId, hashing);
        leftOvers.push(path);
      }
    }
  }
  for (const path of leftOvers) await unlink(path);
  const removedFiles = leftOvers.length;
  if (removedFiles > 0) {
    logger.log("info", "removed object files that no record names", { mountpath, removedFiles, keptFiles });
  }
  return { keptFiles, removedFiles };
}

/** Every run is in the index before its first file is made, so files of a later run mean an index from before. */
function requireKnownRun(mountpath: string, index: ObjectIndex, fileId: bigint): void {
  if (runOfFileId(fileId) <= index.run) return;
  throw refusal(mountpath, "its object index is older than its object files");
}

/** The two databases of the index say the same about a file, or one of them lost something. */
async function requireUnnamed(
  mountpath: string,
  index: ObjectIndex,
  fileId: bigint,
  hashing: ContentHashing,
): Promise<void> {
  const trailer = await readTrailer(objectFilePath(mountpath, fileId), hashing).catch(() => null);
  if (trailer === null) return;
  const { record } = index.find(objectIndexKey(trailer.bucketId, trailer.objectName)) ?? {};
  if (record?.fileId === fileId) {
    throw refusal(mountpath, "its object index contradicts itself about an object file");
  }
}
