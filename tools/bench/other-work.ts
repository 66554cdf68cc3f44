/** How much of the machine went to programs that have no part in the benchmark: above a few percent, figures are doubtful. */
import { readFileSync } from "node:fs";
import { cpuTimeUs } from "./lib/cpu-time.ts";

/** Of /proc/stat, on every Linux that there is. */
const TICK_US = 10_000;

export class OtherWork {
  readonly #pids: readonly number[];
  readonly #ownBefore: number;
  readonly #busyBefore: number;
  readonly #startedMs = performance.now();

  /** `pids` are those of the benchmark, which must live as long as this is used. */
  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#ownBefore = ownUs(pids);
    this.#busyBefore = busyUs().total;
  }

  /** Share of all cores since the start, 0 to 1. */
  share(): number {
    const { total, cores } = busyUs();
    const otherUs = total - this.#busyBefore - (ownUs(this.#pids) - this.#ownBefore);
    return Math.max(0, otherUs) / ((performance.now() - this.#startedMs) * 1000 * cores);
  }
}

function ownUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuTimeUs(pid), 0);
}

/** Time that the cores spent on anything, theft by other virtual machines included. */
function busyUs(): { readonly total: number; readonly cores: number } {
  const lines = readFileSync("/proc/stat", "utf8").split("\n");
  const [, user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = (
    lines[0] ?? ""
  )
    .split(/\s+/)
    .map(Number);
  const ticks = user + nice + system + interrupts + softInterrupts + stolen;
  return { total: ticks * TICK_US, cores: lines.filter((line) => /^cpu\d/.test(line)).length };
}
