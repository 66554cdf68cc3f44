import { FFIType } from "bun:ffi";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { AisError } from "@ais/base/errors.ts";
import { openCLibrary } from "./c-library.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
/**
 * Takes an exclusive lock that the kernel drops with the process, however it ends, and that also holds between
 * containers which share the directory. Throws `conflict` when somebody has it.
 */
export function lockFile(path: string): Disposable {
  const descriptor = openSync(path, "a+");
  const library = openCLibrary({ flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });
  try {
    if (library.symbols.flock(descriptor, LOCK_EX | LOCK_NB) !== 0) {
      const holder = readFileSync(path, "utf8").trim() || "unknown";
      throw new AisError(
        "conflict",
        `cannot lock "${path}": it is held by another daemon, process ${holder}`,
      );
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  } finally {
    library.close();
  }
  // For people only: the lock is the descriptor, not this text.
  ftruncateSync(descriptor, 0);
  writeSync(descriptor, `${process.pid}\n`);
  return { [Symbol.dispose]: () => closeSync(descriptor) };
}
