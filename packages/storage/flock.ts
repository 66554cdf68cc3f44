import { dlopen, FFIType } from "bun:ffi";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { AisError } from "@ais/base/errors.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
const C_LIBRARIES =
  process.platform === "darwin"
    ? ["libSystem.B.dylib"]
    : ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/**
 * Takes an exclusive lock that the kernel drops with the process, however it ends, and that also holds between
 * containers which share the directory. Throws `conflict` when somebody has it.
 */
export function lockFile(path: string): Disposable {
  const descriptor = openSync(path, "a+");
  const library = openCLibrary();
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

function openCLibrary() {
  const failures: unknown[] = [];
  for (const name of C_LIBRARIES) {
    try {
      return dlopen(name, { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } });
    } catch (error) {
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `cannot load the C library, tried ${C_LIBRARIES.join(", ")}`);
}
