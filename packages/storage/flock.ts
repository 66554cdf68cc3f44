import { FFIType } from "bun:ffi";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { AisError, isAisError } from "@ais/base/errors.ts";
import { sleep } from "@ais/base/lifecycle.ts";
import { openCLibrary } from "./c-library.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;
/** The processes of a daemon that was killed end a moment after it. */
const ORPHANS_WAIT_MS = 5_000;
const RETRY_MS = 20;

export interface FileLock extends Disposable {
  /** A process that inherits it holds the lock too, until it ends. */
  readonly descriptor: number;
}

/** `lockFile`, but processes that a dead daemon left behind are waited for. */
export async function lockFileSoon(path: string): Promise<FileLock> {
  const deadlineMs = performance.now() + ORPHANS_WAIT_MS;
  for (;;) {
    try {
      return lockFile(path);
    } catch (error) {
      if (!isAisError(error, "conflict") || performance.now() > deadlineMs || isHolderAlive(path))
        throw error;
    }
    await sleep(RETRY_MS);
  }
}

function isHolderAlive(path: string): boolean {
  const holder = Number(readFileSync(path, "utf8").trim());
  if (!Number.isSafeInteger(holder) || holder <= 0) return true;
  try {
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * Takes an exclusive lock that the kernel drops with the process, however it ends, and that also holds between
 * containers which share the directory. Throws `conflict` when somebody has it.
 */
export function lockFile(path: string): FileLock {
  const descriptor = openSync(path, "a+");
  if (!takeLock(descriptor)) {
    const holder = readFileSync(path, "utf8").trim() || "unknown";
    closeSync(descriptor);
    throw new AisError("conflict", `cannot lock "${path}": it is held by another daemon, process ${holder}`);
  }
  // For people only: the lock is the descriptor, not this text.
  ftruncateSync(descriptor, 0);
  writeSync(descriptor, `${process.pid}\n`);
  return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
}

/** The same kind of lock on a file that is there and stays as it is; null when somebody has it. Throws when there is none. */
export function tryLockFile(path: string): FileLock | null {
  // For writing, because the server takes the close of a file that was read for the end of a reply (read-quietly.ts).
  const descriptor = openSync(path, "r+");
  if (takeLock(descriptor)) return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
  closeSync(descriptor);
  return null;
}

/** False when another open file has the lock. */
export function takeLock(descriptor: number, kind: "exclusive" | "shared" = "exclusive"): boolean {
  return flock(descriptor, (kind === "shared" ? LOCK_SH : LOCK_EX) | LOCK_NB);
}

export function releaseLock(descriptor: number): void {
  flock(descriptor, LOCK_UN);
}

/** Loaded at the first use, for good. */
let library: ReturnType<typeof openFlock> | null = null;

function openFlock() {
  return openCLibrary({ flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });
}

function flock(descriptor: number, operation: number): boolean {
  library ??= openFlock();
  return library.symbols.flock(descriptor, operation) === 0;
}
