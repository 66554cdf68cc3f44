import { expect, test } from "bun:test";
import { DiskRatesMeter, DiskRatesReader, diskName } from "./disk-rates.ts";

const line = (reads: number, readSectors: number, writes: number, sectors: number, busyMs: number): string =>
  ` 254 0 vda ${reads} 7 ${readSectors} 7 ${writes} 7 ${sectors} 7 0 ${busyMs} 9 0 0 0 0\n`;

test("rates are those since the last look, and the first waits for a second look", async () => {
  let nowMs = 1000;
  const texts = [line(10, 100, 5, 50, 0), line(20, 2100, 5, 50, 100), line(20, 2100, 9, 90, 600)];
  const waits: number[] = [];
  const reader = new DiskRatesReader(
    { monotonicMs: () => nowMs, nowMs: () => nowMs, nowNs: () => BigInt(nowMs) * 1_000_000n },
    async (ms) => {
      waits.push(ms);
      nowMs += ms;
    },
    async () => texts.shift() ?? "",
  );
  expect(Object.fromEntries(await reader.read(["vda", "nfs"]))).toEqual({
    vda: {
      readBytes: 5 * 2000 * 512,
      averageReadBytes: 200 * 512,
      writtenBytes: 0,
      averageWriteBytes: 0,
      utilization: 50,
    },
  });
  nowMs += 1000;
  expect((await reader.read(["vda"])).get("vda")).toMatchObject({
    readBytes: 0,
    writtenBytes: 40 * 512,
    averageWriteBytes: 10 * 512,
    utilization: 50,
  });
  expect(waits).toEqual([200]);
});

test("a meter tells the rates since it was last asked, at once, and the same to those who ask together", async () => {
  let nowMs = 1000;
  const texts = [line(10, 100, 5, 50, 0), line(20, 2100, 5, 50, 100), line(20, 2100, 9, 90, 3600)];
  const meter = await DiskRatesMeter.start(
    { monotonicMs: () => nowMs, nowMs: () => nowMs, nowNs: () => BigInt(nowMs) * 1_000_000n },
    async () => texts.shift() ?? "",
  );
  nowMs += 100;
  expect((await meter.read(["vda"])).size).toBe(0);
  nowMs += 300;
  const first = await meter.read(["vda", "nfs"]);
  expect([...first.keys()]).toEqual(["vda"]);
  expect(first.get("vda")).toEqual({
    readBytes: 2.5 * 2000 * 512,
    averageReadBytes: 200 * 512,
    writtenBytes: 0,
    averageWriteBytes: 0,
    utilization: 25,
  });
  nowMs += 900;
  expect(await meter.read(["vda"])).toEqual(first);
  expect(texts).toHaveLength(1);
  // However long ago: the span is the asker's.
  nowMs += 6100;
  const both = await Promise.all([meter.read(["vda"]), meter.read(["vda"])]);
  expect(both[0].get("vda")).toMatchObject({ averageWriteBytes: 10 * 512, utilization: 50 });
  expect(both[1].size).toBe(1);
  expect(both[1]).toEqual(both[0]);
});

test("a system without counters has no rates", async () => {
  const clock = { monotonicMs: () => 5, nowMs: () => 5, nowNs: () => 5n };
  const reader = new DiskRatesReader(
    clock,
    async () => {},
    async () => Promise.reject(new Error("none")),
  );
  expect((await reader.read(["vda"])).size).toBe(0);
  let nowMs = 0;
  const meter = await DiskRatesMeter.start({ ...clock, monotonicMs: () => nowMs }, () =>
    Promise.reject(new Error("none")),
  );
  nowMs = 5000;
  expect((await meter.read(["vda"])).size).toBe(0);
  expect(await diskName("server:/export")).toBeNull();
  expect(await diskName("/dev/vda")).toBe("vda");
});
