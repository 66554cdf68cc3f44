/** Changes the metadata at the end of an object file whose bytes stay as they are (on-disk-format.ts). */
import { closeSync, fdatasync, ftruncateSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";

const dataSync = promisify(fdatasync);

/**
 * Writes the new trailer in this turn of the event loop, before anything is awaited, so that a caller who has just found
 * the file named by the index can be sure that it is still so. Resolves when it is on disk, where `isSynced` asks for it.
 * Readers take the object's bytes only, so they see no difference. After power loss in the middle the trailer may
 * be unreadable, while the index, which is right by then, still has all of it.
 */
export async function rewriteTrailer(
  path: string,
  objectBytes: number,
  trailer: Uint8Array,
  isSynced: boolean,
): Promise<void> {
  const file = openSync(path, "r+");
  try {
    for (let offset = 0; offset < trailer.byteLength; ) {
      offset += writeSync(file, trailer, offset, trailer.byteLength - offset, objectBytes + offset);
    }
    ftruncateSync(file, objectBytes + trailer.byteLength);
    if (isSynced) await dataSync(file);
  } finally {
    closeSync(file);
  }
}
