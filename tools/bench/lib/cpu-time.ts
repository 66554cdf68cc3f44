/** CPU time of another process, with all its threads, those that have ended included: its CPU clock, which counts nanoseconds. */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { symbols: libc } = dlopen("libc.so.6", {
  clock_getcpuclockid: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
  clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
});

/** User and system time in microseconds. */
export function cpuTimeUs(pid: number): number {
  const clock = new Int32Array(1);
  const time = new BigInt64Array(2);
  if (libc.clock_getcpuclockid(pid, ptr(clock)) !== 0) throw new Error(`failed to find process ${pid}`);
  if (libc.clock_gettime(clock[0] ?? 0, ptr(time)) !== 0) {
    throw new Error(`failed to read the CPU clock of process ${pid}`);
  }
  return Number(time[0]) * 1e6 + Number(time[1]) / 1e3;
}

const COMPILER_THREAD = "JITWorker";

/** The same for the threads of the runtime that compile: while they have work, code that was seen running is made faster. */
export function compilerTimeUs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  let sumNs = 0;
  for (const task of readdirSync(tasks)) {
    try {
      if (!readFileSync(join(tasks, task, "comm"), "utf8").startsWith(COMPILER_THREAD)) continue;
      sumNs += Number(readFileSync(join(tasks, task, "schedstat"), "utf8").split(" ")[0]);
    } catch {
      // A thread that ended meanwhile compiles no more.
    }
  }
  return sumNs / 1e3;
}
