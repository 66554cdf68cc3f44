/**
 * Before a mountpath goes into service: a lost or torn index must stop the daemon. An empty one in its place would answer
 * "not found" for everything, and the clean-up at the start would remove every object file.
 */
import { existsSync, rmSync, statSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { fileIdOfName, objectSubdirectory } from "./files/object-path.ts";
import { extendToLastPage, inspectIndexFile } from "./index-file/index-health.ts";
import { INDEX_DATA_FILE, INDEX_DIRECTORY, OBJECT_SUBDIRECTORY_COUNT } from "./on-disk-format.ts";

export interface StartCheckOptions {
  readonly mountpath: string;
  /** The marker says that the index was once made. */
  readonly hadIndex: boolean;
  readonly leafLimitCount: number;
  readonly logger: Logger;
}

/** Throws `internal`, with the command that helps, unless the index is whole or this is the mountpath's first use. */
export async function requireSoundIndex(options: StartCheckOptions): Promise<void> {
  const { mountpath, hadIndex, leafLimitCount, logger } = options;
  const dataPath = join(mountpath, INDEX_DIRECTORY, INDEX_DATA_FILE);
  const isMissing = !existsSync(dataPath) || statSync(dataPath).size === 0;
  if (isMissing && hadIndex) throw refusal(mountpath, "its object index is missing");
  if (isMissing && (await hasObjectFiles(mountpath))) {
    throw refusal(mountpath, "it has object files but no object index");
  }
  if (isMissing) return;
  const { problem, isComplete } = inspectIndexFile(dataPath, leafLimitCount);
  if (problem !== null && !hadIndex && !(await hasObjectFiles(mountpath))) {
    // The very first start was cut short by a power failure: nothing was ever acknowledged from this index.
    logger.log("warn", "removed an index that was never completed", { mountpath, problem });
    rmSync(join(mountpath, INDEX_DIRECTORY), { recursive: true });
  } else if (problem !== null) {
    throw refusal(mountpath, `its object index is damaged: ${problem}`);
  } else {
    extendToLastPage(dataPath);
  }
  if (problem === null && !isComplete) {
    logger.log("info", "checked the start of a large index, run a storage check for the rest", { mountpath });
  }
}

/** For a contradiction that is found later in the start. */
export function refusal(mountpath: string, why: string): AisError {
  return new AisError(
    "internal",
    `cannot use mountpath "${mountpath}": ${why}. Nothing was changed. To see what is damaged: ` +
      `ais storage check --mountpath "${mountpath}"; to restore the index: ais storage rebuild --mountpath "${mountpath}"`,
  );
}

async function hasObjectFiles(mountpath: string): Promise<boolean> {
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT; number++) {
    for await (const entry of await opendir(objectSubdirectory(mountpath, number))) {
      if (fileIdOfName(entry.name) !== null) return true;
    }
  }
  return false;
}
