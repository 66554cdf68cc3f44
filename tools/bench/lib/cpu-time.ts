/** CPU time of another process, with all its threads, those that have ended included: its CPU clock, which counts nanoseconds. */
import { dlopen, FFIType, ptr } from "bun:ffi";

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
