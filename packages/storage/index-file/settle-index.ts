import { closeSync, existsSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { FlushPointFile } from "./flush-point.ts";
import { currentBootId, IndexFile, newestMeta } from "./index-file.ts";
import { metaChange } from "./page-format.ts";

/**
 * Before LMDB opens an index: makes the state that counts (`IndexFile`) the one that LMDB takes, flushes it and notes
 * that. After power loss this goes back to the last flush point; otherwise nothing but the flush happens. Nobody else may
 * have the index open. Does nothing when there is none yet.
 */
export function settleIndex(dataPath: string, processNumber: number, bootId = currentBootId()): void {
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
    using point = new FlushPointFile(dataPath, processNumber, bootId);
    point.write(newestMeta(descriptor).bytes);
    point.flushSync();
  } finally {
    closeSync(descriptor);
  }
}
