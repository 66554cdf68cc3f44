import { expect, test } from "bun:test";
import {
  formatCountedSize,
  formatLatency,
  formatMicroseconds,
  formatRate,
  formatSize,
  formatUptime,
  UNITS,
} from "./units.ts";

test("sizes are IEC with two digits, bytes without", () => {
  const sizes = [0, 1023, 1024, 8345, 1024 ** 3 * 1.5, "2048"];
  expect(sizes.map((bytes) => formatSize(bytes, "iec"))).toEqual([
    "0B",
    "1023B",
    "1.00KiB",
    "8.15KiB",
    "1.50GiB",
    "2.00KiB",
  ]);
});

test("times have three significant digits until they are long", () => {
  const times = [0, 0.5, 85, 999.6, 1420, 12_400, 999_600, 12_400_000, -85];
  const texts = ["0", "500ns", "85us", "1ms", "1.42ms", "12.4ms", "1s", "12.4s", "-85us"];
  expect(times.map(formatMicroseconds)).toEqual(texts);
  const uptimes = [17 * 60e9, 7505.4e9, 1.5e9].map((ns) => formatUptime(ns, "iec"));
  expect(uptimes).toEqual(["17m", "2h5m5s", "1.5s"]);
});

test("units are powers of 1024, powers of 1000, or plain numbers", () => {
  const inAll = (format: (units: (typeof UNITS)[number]) => string): readonly string[] => UNITS.map(format);
  expect(inAll((units) => formatSize(8345, units))).toEqual(["8.15KiB", "8.35KB", "8345"]);
  expect(inAll((units) => formatSize("999", units))).toEqual(["999B", "999B", "999"]);
  expect(inAll((units) => formatCountedSize(8345, units))).toEqual(["8.15KiB", "8.35KB", "8345B"]);
  expect(inAll((units) => formatRate(8344.6, units))).toEqual(["8.15KiB/s", "8.34KB/s", "8345B/s"]);
  expect(inAll((units) => formatLatency(1_420_000, units))).toEqual(["1.42ms", "1.42ms", "1420000ns"]);
  expect(inAll((units) => formatUptime(1.5e9, units))).toEqual(["1.5s", "1.5s", "1500000000ns"]);
});
