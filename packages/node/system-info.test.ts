import { expect, test } from "bun:test";
import { systemClock } from "@ais/base/clock.ts";
import { createSystemInfo } from "./system-info.ts";

test("memory and processor of the machine and of the process hang together", async () => {
  const info = await createSystemInfo(systemClock).read();
  const { mem, proc } = info;
  expect(mem.Total).toBeGreaterThan(0);
  expect(mem.Used + mem.Free).toBe(mem.Total);
  expect(mem.ActualUsed + mem.ActualFree).toBe(mem.Total);
  expect(proc.Mem.Resident).toBeGreaterThan(1024 * 1024);
  expect(proc.Mem.Resident).toBeLessThanOrEqual(mem.Total);
  expect(proc.CPU.Total).toBe(proc.CPU.User + proc.CPU.System);
  expect([info.mem_used, info.mem_avail]).toEqual([proc.Mem.Resident, mem.ActualFree]);
  expect(info.pct_mem_used).toBeCloseTo((info.mem_used * 100) / mem.Total);
});

test("the use of the processors is that since the last look, and no percentage is out of range", async () => {
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs, nowMs: () => nowMs, nowNs: () => BigInt(nowMs) * 1_000_000n };
  const system = createSystemInfo(clock);
  const first = await system.read();
  expect(first.cpu_util).toBe(0);
  const until = performance.now() + 150;
  while (performance.now() < until);
  nowMs = 1000;
  const { cpu_util: used } = await system.read();
  expect(used).toBeGreaterThan(0);
  expect(used).toBeLessThanOrEqual(100);
  // Asked again at once, the answer is the same.
  expect((await system.read()).cpu_util).toBe(used);
});
