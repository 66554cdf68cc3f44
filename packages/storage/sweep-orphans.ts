/**
 * What a guest leaves behind that is killed: files that it was writing, complete ones that it did not commit, and files that
 * it had replaced without being able to say so. The store serves meanwhile; the start of a daemon does the same at once
 * (recovery.ts).
 */
import { opendir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@ais/base/log.ts";
import { NOOP_SPAN } from "@ais/tracing/noop.ts";
import { LiveView } from "./check/live-view.ts";
import type { ContentHashing } from "./checksum.ts";
import {
  fileIdOfName,
  fileIdOfTemporaryName,
  objectFilePath,
  objectSubdirectory,
  runOfFileId,
} from "./files/object-path.ts";
import { readTrailer } from "./files/trailer.ts";
import { objectIndexKey } from "./index/key.ts";
import { OBJECT_SUBDIRECTORY_COUNT } from "./on-disk-format.ts";
import { errnoCode } from "./storage-error.ts";
import type { OpenMountpath } from "./store-context.ts";

interface Orphan {
  readonly fileId: bigint;
  readonly path: string;
  readonly isTemporary: boolean;
}

/** `deadRun` is the run of the guest that has ended. */
export async function sweepOrphans(
  mountpath: OpenMountpath,
  deadRun: number,
  hashing: ContentHashing,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const view = new LiveView(mountpath);
  const { index, removal } = mountpath;
  const isOrphan = ({ fileId, isTemporary }: Orphan): boolean => {
    if (!isTemporary && index.namesFile(fileId)) return false;
    if (runOfFileId(fileId) === deadRun) return isTemporary || !removal.isPending(fileId);
    return !view.isBusy(fileId);
  };
  let removed = 0;
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT && !signal.aborted; number++) {
    const suspects = (await filesIn(mountpath, number)).filter(isOrphan);
    if (suspects.length === 0) continue;
    // What other processes were about to say of these files has been said then.
    await view.settled();
    for (const orphan of suspects.filter(isOrphan)) {
      if (orphan.isTemporary) await unlink(orphan.path).catch(unlessGone);
      else if (await isNamedByKey(mountpath, orphan, hashing)) continue;
      else removal.retire(orphan.fileId, NOOP_SPAN);
      removed++;
    }
  }
  if (removed > 0)
    logger.log("info", "removed files of a worker that ended", { path: mountpath.path, removed });
}

async function filesIn(mountpath: OpenMountpath, number: number): Promise<readonly Orphan[]> {
  const directory = objectSubdirectory(mountpath.path, number);
  const files: Orphan[] = [];
  for await (const { name } of await opendir(directory)) {
    const temporaryId = fileIdOfTemporaryName(name);
    const fileId = temporaryId ?? fileIdOfName(name);
    if (fileId === null) continue;
    files.push({ fileId, path: join(directory, name), isTemporary: temporaryId !== null });
  }
  return files;
}

/** The two databases of the index contradict each other: that is for a check to report, not a reason to remove a file. */
async function isNamedByKey(
  { path, index }: OpenMountpath,
  { fileId }: Orphan,
  hashing: ContentHashing,
): Promise<boolean> {
  const trailer = await readTrailer(objectFilePath(path, fileId), hashing).catch(() => null);
  if (trailer === null) return false;
  return index.find(objectIndexKey(trailer.bucketId, trailer.objectName))?.record.fileId === fileId;
}

function unlessGone(error: unknown): void {
  if (errnoCode(error) !== "ENOENT") throw error;
}
