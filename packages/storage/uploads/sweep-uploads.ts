/** Removes uploads that will never end: of buckets that are gone, and those that nobody has touched for long. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { TEMPORARY_SUFFIX } from "@ais/base/durable-write.ts";
import { errnoCode } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import { lockUploadFile, readUploadHead, UPLOAD_FILE, UPLOADS_DIRECTORY } from "./upload-files.ts";

const NS_PER_MS = 1_000_000n;
const NOT_SHARED: Disposable = { [Symbol.dispose]() {} };

/** Resolves with how many were removed. A directory without its head is being made, or is the rest of a removed one. */
export async function sweepUploads(
  context: StoreContext,
  liveBucketIds: ReadonlySet<bigint>,
  ending: ReadonlySet<string>,
): Promise<number> {
  const nowMs = Number(context.clock.nowNs() / NS_PER_MS);
  const { uploadIdleMs, uploadHeadlessMs } = context.limits;
  // All found before the first wait: a bucket made later is not in the caller's set, and must not be taken for a dead one.
  const doomed = context.mountpaths.flatMap((mountpath) =>
    uploadIds(mountpath).flatMap((uploadId) => {
      const directory = join(mountpath.path, UPLOADS_DIRECTORY, uploadId);
      const head = readUploadHead(directory);
      const idleMs = nowMs - changedMs(directory);
      const isLive = head === null ? idleMs < uploadHeadlessMs : liveBucketIds.has(head.bucketId);
      return (isLive && idleMs < uploadIdleMs) || ending.has(uploadId) ? [] : directory;
    }),
  );
  for (const directory of doomed) {
    using lock = context.isShared ? lockUploadFile(directory) : NOT_SHARED;
    if (lock === null) continue;
    await rm(join(directory, UPLOAD_FILE), { force: true });
    await rm(directory, { recursive: true, force: true });
  }
  return doomed.length;
}

/** Parts that were being received when the process died. Must run before the store serves. */
export function removePartialParts(mountpathPath: string): void {
  const uploads = join(mountpathPath, UPLOADS_DIRECTORY);
  for (const uploadId of namesIn(uploads)) {
    for (const name of namesIn(join(uploads, uploadId))) {
      if (name.endsWith(TEMPORARY_SUFFIX)) rmSync(join(uploads, uploadId, name), { force: true });
    }
  }
}

function uploadIds(mountpath: OpenMountpath): readonly string[] {
  return namesIn(join(mountpath.path, UPLOADS_DIRECTORY));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoCode(error) === "ENOENT" || errnoCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

/** A part that arrives changes the directory. */
function changedMs(directory: string): number {
  return statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
