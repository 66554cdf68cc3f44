import { type FileHandle, open } from "node:fs/promises";
import type { ContentHasher } from "../checksum.ts";
import { errnoCode } from "../storage-error.ts";

/**
 * Opens an object file for reading beside requests that send it. The server notices the end of a reply by the close of a
 * file that was opened for reading only (inotify's IN_CLOSE_NOWRITE), and this close must not be taken for that one.
 */
export async function openQuietly(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r+");
  } catch (error) {
    const code = errnoCode(error);
    if (code !== "EACCES" && code !== "EPERM" && code !== "EROFS") throw error;
    return open(path, "r");
  }
}

/** Feeds the first `sizeBytes` of a file to the hasher. `afterRead` may hold the next read back. */
export async function hashFile(
  path: string,
  sizeBytes: number,
  hasher: ContentHasher,
  buffer: Uint8Array,
  afterRead: (readBytes: number) => void | Promise<void> = () => {},
): Promise<void> {
  const file = await openQuietly(path);
  try {
    for (let offset = 0; offset < sizeBytes; ) {
      const wanted = Math.min(buffer.byteLength, sizeBytes - offset);
      const { bytesRead } = await file.read(buffer, 0, wanted, offset);
      if (bytesRead === 0) throw new Error(`"${path}" ended at ${offset} of ${sizeBytes} bytes`);
      hasher.update(buffer.subarray(0, bytesRead));
      offset += bytesRead;
      await afterRead(bytesRead);
    }
  } finally {
    await file.close();
  }
}
