import { cpus, totalmem, type } from "node:os";

/** The machine in one line, as results files name it. */
export function machineText(): string {
  const cores = cpus();
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return `${cores[0]?.model ?? "unknown"}, ${cores.length} cores, ${memoryGib} GiB, ${type()}, Bun ${Bun.version}`;
}
