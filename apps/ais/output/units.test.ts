import { expect, test } from "bun:test";
import { formatMicroseconds, formatSize, formatUptime } from "./units.ts";

test("sizes are IEC with two digits, bytes without", () => {
  const sizes = [0, 1023, 1024, 8345, 1024 ** 3 * 1.5, "2048"];
  expect(sizes.map((bytes) => formatSize(bytes))).toEqual([
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
  expect([17 * 60e9, 7505.4e9, 1.5e9].map(formatUptime)).toEqual(["17m", "2h5m5s", "1.5s"]);
});
