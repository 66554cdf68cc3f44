import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { FlushPointFile, flushPointPath } from "./flush-point.ts";
import { currentBootId, IndexFile, newestMeta } from "./index-file.ts";
import { metaChange } from "./page-format.ts";

/**
 * Before LMDB opens an index: makes the state that counts (`IndexFile`) the one that LMDB takes, flushes it and notes
 * that. After power loss this goes back to the last flush point; otherwise nothing but the flush happens. Nobody else may
 * have the index open. Does nothing when there is none yet.
 */
export function settleIndex(dataPath: string, bootId = currentBootId()): void {
  if (!existsSync(dataPath)) return;
  using file = IndexFile.open(dataPath, { bootId });
  const descriptor = openSync(dataPath, "r+");
  try {
    const newest = newestMeta(descriptor);
    if (newest.transaction !== file.meta.transaction || !newest.isFlushed) {
      const { bytes, offset } = metaChange(file.meta);
      for (const page of [0, 1]) {
        writeSync(descriptor, bytes, 0, bytes.byteLength, page * file.meta.pageBytes + offset);
      }
    }
    fdatasyncSync(descriptor);
    using point = new FlushPointFile(dataPath, bootId);
    point.write(newestMeta(descriptor).bytes);
    point.flushSync();
  } finally {
    closeSync(descriptor);
  }
  // The point may be the first one.
  flushDirectory(dirname(dataPath));
}

/**
 * The same for an index that other processes will open as well. What LMDB has flushed counts from then on: a flush point
 * would stay behind, and win after power loss.
 */
export function settleSharedIndex(dataPath: string, bootId = currentBootId()): void {
  settleIndex(dataPath, bootId);
  const path = flushPointPath(dataPath);
  if (!existsSync(path)) return;
  rmSync(path);
  flushDirectory(dirname(path));
}

export function flushDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
