import { dlopen, FFIType } from "bun:ffi";

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

/**
 * A worker ends at the same moment as its main process, however that ends: it must not go on writing to mountpaths that
 * the next start believes to be its own. Elsewhere than on Linux the closing of the channel tells it, a moment later.
 */
export function endWithParent(parentPid: number, exit: () => never): void {
  process.once("disconnect", exit);
  if (process.platform === "linux") {
    const { u64, i32 } = FFIType;
    const library = dlopen("libc.so.6", { prctl: { args: [i32, u64, u64, u64, u64], returns: i32 } });
    library.symbols.prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n);
    library.close();
  }
  // It may have ended before this was asked for.
  if (process.ppid !== parentPid) exit();
}
