/**
 * What a crash leaves behind is removed before the store serves: files that were being written, complete files whose
 * record was not committed, and files whose deferred removal did not happen. Only names are read, one at a time.
 */
import { opendir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { TEMPORARY_SUFFIX } from "@ais/base/durable-write.ts";
import type { Logger } from "@ais/base/log.ts";
import { fileIdOfName, objectSubdirectory, runOfFileId } from "./files/object-path.ts";
import type { ObjectIndex } from "./index/object-index.ts";
import { OBJECT_SUBDIRECTORY_COUNT } from "./on-disk-format.ts";

export interface RecoveryReport {
  readonly keptFiles: number;
  readonly removedFiles: number;
  /** Highest run that a file id comes from; the next run must be higher even if the index was lost. */
  readonly highestRun: number;
}

/** Must have the mountpath to itself: a file of a write in progress would be taken for a left-over. */
export async function recoverObjectFiles(
  mountpath: string,
  index: ObjectIndex,
  logger: Logger,
): Promise<RecoveryReport> {
  let keptFiles = 0;
  let removedFiles = 0;
  let highestRun = 0;
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT; number++) {
    const directory = objectSubdirectory(mountpath, number);
    for await (const entry of await opendir(directory)) {
      const fileId = fileIdOfName(entry.name);
      if (fileId !== null) highestRun = Math.max(highestRun, runOfFileId(fileId));
      if (fileId === null && !entry.name.endsWith(TEMPORARY_SUFFIX)) {
        logger.log("warn", "unknown file beside object files, left alone", {
          path: join(directory, entry.name),
        });
      } else if (fileId !== null && index.namesFile(fileId)) {
        keptFiles += 1;
      } else {
        await unlink(join(directory, entry.name));
        removedFiles += 1;
      }
    }
  }
  if (removedFiles > 0) {
    logger.log("info", "removed object files that no record names", { mountpath, removedFiles, keptFiles });
  }
  return { keptFiles, removedFiles, highestRun };
}
