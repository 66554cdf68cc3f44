/**
 * Removes, while the store serves, what a start would remove: object files that no record names and temporary files that
 * nobody writes. A removal that failed, or a write that was cut off by a full disk, leaves such.
 */
import { opendir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { TEMPORARY_SUFFIX } from "@ais/base/durable-write.ts";
import type { Span } from "@ais/tracing/types.ts";
import { LiveView } from "../check/live-view.ts";
import { withSpan } from "../failed-span.ts";
import { fileIdOfName, fileIdOfTemporaryName, objectSubdirectory } from "../files/object-path.ts";
import { readTrailer } from "../files/trailer.ts";
import { objectIndexKey } from "../index/key.ts";
import { OBJECT_SUBDIRECTORY_COUNT } from "../on-disk-format.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import { errnoCode, errorChainText } from "../storage-error.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { LeftOvers } from "../types.ts";

const NS_PER_MS = 1_000_000n;

/** Younger files than `olderThanMs` are left alone. Resolves with what was removed. */
export async function sweepLeftOvers(
  context: StoreContext,
  olderThanMs: number,
  parent: Span,
): Promise<LeftOvers> {
  const bornBeforeMs = Number(context.clock.nowNs() / NS_PER_MS) - olderThanMs;
  let files = 0;
  let bytes = 0;
  for (const mountpath of context.mountpaths) {
    // A mountpath that has gone shows an empty directory, or another disk's: nothing there is ours to remove.
    if (!mountpath.index.presence.isThere()) continue;
    await withSpan(parent, SPAN_NAMES.fileSweep, async (span) => {
      span.set(SPAN_ATTRIBUTES.mountpath, mountpath.path);
      const found = await sweepMountpath(context, mountpath, bornBeforeMs);
      span.set(SPAN_ATTRIBUTES.removedFiles, found.files);
      span.set(SPAN_ATTRIBUTES.bytes, found.bytes);
      files += found.files;
      bytes += found.bytes;
    });
    mountpath.space.lookAgain();
  }
  return { files, bytes };
}

async function sweepMountpath(
  context: StoreContext,
  mountpath: OpenMountpath,
  bornBeforeMs: number,
): Promise<LeftOvers> {
  const view = new LiveView(mountpath);
  let files = 0;
  let bytes = 0;
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT; number++) {
    const directory = objectSubdirectory(mountpath.path, number);
    const suspects: string[] = [];
    for await (const { name } of await opendir(directory)) if (isSuspect(view, name)) suspects.push(name);
    if (suspects.length === 0) continue;
    // A write or a removal that was under way is over then: what still looks left over is.
    await view.settled();
    for (const name of suspects) {
      const sizeBytes = await removeLeftOver(context, mountpath, view, join(directory, name), bornBeforeMs);
      if (sizeBytes === null) continue;
      files += 1;
      bytes += sizeBytes;
    }
  }
  return { files, bytes };
}

/** Gives up the grace period of replaced and deleted files, to get their space back. */
export async function reclaimSpace({ mountpaths }: StoreContext, parent: Span): Promise<void> {
  for (const { path, removal, space } of mountpaths) {
    await withSpan(parent, SPAN_NAMES.fileReclaim, async (span) => {
      span.set(SPAN_ATTRIBUTES.mountpath, path);
      await removal.expedite();
    });
    space.lookAgain();
  }
}

/** Files with names of another kind are somebody else's, and left alone. */
function isSuspect(view: LiveView, name: string): boolean {
  const fileId = fileIdOfName(name);
  if (fileId === null) return name.endsWith(TEMPORARY_SUFFIX);
  return view.ownerOfFile(fileId) === null && !view.isBusy(fileId);
}

/** The size of what was removed; null when nothing was. */
async function removeLeftOver(
  { hashing, logger }: StoreContext,
  mountpath: OpenMountpath,
  view: LiveView,
  path: string,
  bornBeforeMs: number,
): Promise<number | null> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const fileId = fileIdOfName(name) ?? fileIdOfTemporaryName(name);
  try {
    const { mtimeMs, size } = await stat(path);
    if (mtimeMs > bornBeforeMs || (fileId !== null && view.isBusy(fileId)) || !isSuspect(view, name))
      return null;
    const trailer = fileIdOfName(name) === null ? null : await readTrailer(path, hashing).catch(() => null);
    if (trailer !== null) {
      const { record } = mountpath.index.find(objectIndexKey(trailer.bucketId, trailer.objectName)) ?? {};
      if (record?.fileId === fileId) {
        logger.log("error", "the object index contradicts itself about an object file, left alone", { path });
        return null;
      }
    }
    await unlink(path);
    return size;
  } catch (error) {
    if (errnoCode(error) !== "ENOENT")
      logger.log("warn", "failed to remove a left-over file", { path, error: errorChainText(error) });
    return null;
  }
}
