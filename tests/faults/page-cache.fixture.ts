/** What of a file the kernel holds in memory and has not written to the disk yet: cachestat(2), of Linux 6.5 and newer. */
import { FFIType, ptr } from "bun:ffi";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCLibrary } from "@ais/storage/c-library.ts";

/** The same on every architecture that has it. */
const SYS_CACHESTAT = 451n;
/** Of `struct cachestat`, in 64-bit words. */
const DIRTY = 1;
const WRITEBACK = 2;
const WORDS = 5;

let library: ReturnType<typeof openLibrary> | null = null;

function openLibrary() {
  return openCLibrary({
    syscall: {
      args: [FFIType.i64, FFIType.i32, FFIType.ptr, FFIType.ptr, FFIType.u32],
      returns: FFIType.i64,
    },
  });
}

/** Whether the kernel knows of files in this directory what is still to be written: it must be new enough, and there a disk. */
export function tellsUnwritten(directory: string): boolean {
  const path = join(directory, `unwritten-${process.pid}`);
  try {
    writeFileSync(path, Buffer.alloc(64 * 1024, 1));
    return (unwrittenPages(path) ?? 0) > 0;
  } finally {
    rmSync(path, { force: true });
  }
}

/** Null where the kernel does not tell. On a file system in memory it is always 0. */
export function unwrittenPages(path: string): number | null {
  if (process.platform !== "linux") return null;
  library ??= openLibrary();
  // From the start of the file to its end.
  const range = new BigUint64Array(2);
  const found = new BigUint64Array(WORDS);
  const descriptor = openSync(path, "r");
  try {
    const status = library.symbols.syscall(SYS_CACHESTAT, descriptor, ptr(range), ptr(found), 0);
    if (Number(status) !== 0) return null;
  } finally {
    closeSync(descriptor);
  }
  return Number(found[DIRTY]) + Number(found[WRITEBACK]);
}
