/** Where the bytes of `ais get` go. A regular file appears whole or not at all. */
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CliIo } from "./io.ts";

export interface Output {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written visible. */
  commit(): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

export const STDOUT_PATH = "-";
const DISCARD_PATHS: ReadonlySet<string> = new Set(["/dev/null", "dev/null", "nil"]);

export function isDiscarded(path: string): boolean {
  return DISCARD_PATHS.has(path);
}

export async function openOutput(path: string, io: CliIo): Promise<Output> {
  const nothing = async (): Promise<void> => {};
  if (path === STDOUT_PATH)
    return { write: (bytes) => io.writeOut(bytes), commit: nothing, discard: nothing };
  if (isDiscarded(path)) return { write: nothing, commit: nothing, discard: nothing };
  const existing = await stat(path).catch(() => null);
  return existing === null || existing.isFile() ? openReplacement(path) : openDevice(path);
}

/** Devices and pipes cannot be renamed over. */
async function openDevice(path: string): Promise<Output> {
  const handle = await open(path, "w");
  const close = (): Promise<void> => handle.close();
  return { write: (bytes) => writeAll(handle, bytes), commit: close, discard: close };
}

async function openReplacement(path: string): Promise<Output> {
  await mkdir(dirname(path), { recursive: true });
  // Not made of the file's own name, which may be as long as the file system takes.
  const temporaryPath = join(dirname(path), `.${randomBytes(9).toString("hex")}.ais-part`);
  const handle = await open(temporaryPath, "wx");
  return {
    write: (bytes) => writeAll(handle, bytes),
    async commit() {
      await handle.close();
      await rename(temporaryPath, path);
    },
    async discard() {
      await handle.close();
      await unlink(temporaryPath).catch(() => {});
    },
  };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
}
