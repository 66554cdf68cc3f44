/** The largest resident set of another process, as the kernel keeps it. */
import { readFileSync, writeFileSync } from "node:fs";

/** Value of `clear_refs` that sets the peak back to what is resident now. */
const RESET_PEAK = "5";

export function resetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
}

export function peakMemoryMib(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1];
  if (kib === undefined) throw new Error(`the kernel does not say what process ${pid} used at most`);
  return Number(kib) / 1024;
}
