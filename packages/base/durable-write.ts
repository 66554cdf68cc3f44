/**
 * The one way to write a file (style.md 11): temporary file beside the target, stream, flush by policy, rename, flush of
 * the directory by policy, clean-up on failure. A reader of the target sees the old file or the whole new one.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsync, openSync } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const fsyncDescriptor = promisify(fsync);

/** `fsync`: what was written survives power loss. `os`: it is in the page cache and survives the end of the process. */
export type FlushPolicy = "fsync" | "os";

export type FileOperation = "open" | "write" | "sync" | "rename" | "sync-directory" | "remove";

/** File failures as a parameter: tests throw errno errors here, or hold an operation back. */
export interface FileFaults {
  before(operation: FileOperation, path: string): void | Promise<void>;
}

export const NO_FILE_FAULTS: FileFaults = { before() {} };

/** Names that end so are left-overs of a process that died while it wrote; whoever owns the directory may remove them. */
export const TEMPORARY_SUFFIX = ".tmp";

export interface FileSink {
  /** Appends. The bytes may be reused once it has resolved; one write at a time. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface DurableWriteOptions {
  readonly flush: FlushPolicy;
  readonly faults?: FileFaults;
  /** Called when the content is with the operating system, before it is flushed. */
  readonly onWritten?: () => void;
}

/**
 * Replaces `targetPath` by what `fill` writes and resolves with what `fill` returned. When anything before the rename
 * fails, `fill` included, the error is thrown and the target is as it was. When the flush of the directory fails, the
 * new file stands but may not survive power loss.
 */
export async function durableWrite<T>(
  targetPath: string,
  fill: (sink: FileSink) => Promise<T>,
  options: DurableWriteOptions,
): Promise<T> {
  const faults = options.faults ?? NO_FILE_FAULTS;
  const temporaryPath = `${targetPath}.${randomBytes(6).toString("hex")}${TEMPORARY_SUFFIX}`;
  await faults.before("open", temporaryPath);
  const file = await open(temporaryPath, "wx");
  let result: T;
  try {
    try {
      result = await fill({
        write: async (bytes) => {
          await faults.before("write", temporaryPath);
          await writeFully(file, bytes);
        },
      });
      options.onWritten?.();
      if (options.flush === "fsync") {
        await faults.before("sync", temporaryPath);
        // Data and length are what a reader needs; times need no extra journal write.
        await file.datasync();
      }
    } finally {
      await file.close();
    }
    await faults.before("rename", targetPath);
    await rename(temporaryPath, targetPath);
  } catch (error) {
    await unlink(temporaryPath).catch(() => {});
    throw error;
  }
  if (options.flush === "fsync") await syncDirectory(dirname(targetPath), faults);
  return result;
}

/** `durableWrite` of content that is already in memory. */
export function durableWriteBytes(
  targetPath: string,
  content: string | Uint8Array,
  options: DurableWriteOptions,
): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return durableWrite(targetPath, (sink) => sink.write(bytes), options);
}

/** Makes names created, renamed or removed in a directory survive power loss. */
export async function syncDirectory(path: string, faults: FileFaults = NO_FILE_FAULTS): Promise<void> {
  await faults.before("sync-directory", path);
  // Opening a directory that was just used takes no disk access, so it needs no thread.
  const descriptor = openSync(path, "r");
  try {
    await fsyncDescriptor(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The kernel may take less than it was given, for example when the disk is nearly full. */
async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, offset, bytes.byteLength - offset);
    offset += bytesWritten;
  }
}
