/** Memory and processor of the machine and of this process: `what=sysinfo`, and part of `node_status` (wire-compat 5.3). */
import { readFile } from "node:fs/promises";
import { cpus, freemem, loadavg, totalmem } from "node:os";
import type { Clock } from "@ais/base/clock.ts";
import type { MachineMemory, MemCpuInfo, ProcessMemory } from "@ais/wire/node-status.ts";

export interface SystemInfo {
  read(): Promise<MemCpuInfo>;
}

interface CpuTimes {
  readonly atMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

const MEMINFO = "/proc/meminfo";
const PROCESS_STATUS = "/proc/self/status";
/** Over less than this the use of processors says nothing. */
const CPU_SPAN_MIN_MS = 500;

export function createSystemInfo(clock: Clock): SystemInfo {
  const startedMs = clock.monotonicMs();
  let before = cpuTimes(clock);
  let usedPercent = 0;

  /** Since an earlier look; several callers at once get the same figure. */
  const machineCpuPercent = (): number => {
    const now = cpuTimes(clock);
    if (now.atMs - before.atMs >= CPU_SPAN_MIN_MS) {
      const totalMs = Math.max(1, now.totalMs - before.totalMs);
      usedPercent = Math.round(100 - ((now.idleMs - before.idleMs) * 100) / totalMs);
      before = now;
    }
    return Math.min(100, Math.max(0, usedPercent));
  };

  return {
    async read() {
      const [machine, own] = await Promise.all([machineMemory(), processMemory()]);
      const [one = 0, five = 0, fifteen = 0] = loadavg();
      const { user, system } = process.cpuUsage();
      const [userMs, systemMs] = [Math.round(user / 1000), Math.round(system / 1000)];
      const upMs = Math.max(1, clock.monotonicMs() - startedMs);
      const cpuPercent = Math.round(((userMs + systemMs) * 1000) / upMs) / 10;
      return {
        mem_used: own.Resident,
        mem_avail: machine.ActualFree,
        pct_mem_used: (own.Resident * 100) / machine.Total,
        pct_cpu_used: cpuPercent,
        load_avg: { One: one, Five: five, Fifteen: fifteen },
        cpu_util: machineCpuPercent(),
        mem: machine,
        proc: {
          CPU: {
            User: userMs,
            System: systemMs,
            Total: userMs + systemMs,
            LastTime: Math.round(clock.nowMs()),
            Percent: cpuPercent,
          },
          Mem: own,
        },
      };
    },
  };
}

function cpuTimes(clock: Clock): CpuTimes {
  let idleMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    totalMs += times.idle + times.user + times.nice + times.sys + times.irq;
  }
  return { atMs: clock.monotonicMs(), idleMs, totalMs };
}

/**
 * Free memory counts the page cache as used, which on a storage node is nearly all of it: what is available counts. Where
 * the system does not tell, what is free stands for both.
 */
async function machineMemory(): Promise<MachineMemory> {
  const text = await readFile(MEMINFO, "utf8").catch(() => "");
  const bytesOf = (name: string, otherwise: number): number => bytesOfLine(text, name) ?? otherwise;
  const total = bytesOf("MemTotal", totalmem());
  const free = bytesOf("MemFree", freemem());
  const available = bytesOf("MemAvailable", free);
  const swapTotal = bytesOf("SwapTotal", 0);
  const swapFree = bytesOf("SwapFree", 0);
  return {
    Total: total,
    Used: total - free,
    Free: free,
    BuffCache: bytesOf("Buffers", 0) + bytesOf("Cached", 0),
    ActualFree: available,
    ActualUsed: total - available,
    SwapTotal: swapTotal,
    SwapFree: swapFree,
    SwapUsed: swapTotal - swapFree,
  };
}

async function processMemory(): Promise<ProcessMemory> {
  const text = await readFile(PROCESS_STATUS, "utf8").catch(() => "");
  return {
    Size: bytesOfLine(text, "VmSize") ?? 0,
    Resident: bytesOfLine(text, "VmRSS") ?? process.memoryUsage.rss(),
    Share: (bytesOfLine(text, "RssFile") ?? 0) + (bytesOfLine(text, "RssShmem") ?? 0),
  };
}

/** In bytes, of a line such as `VmRSS:  1234 kB`. */
function bytesOfLine(text: string, name: string): number | null {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}
