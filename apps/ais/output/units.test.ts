import { expect, test } from "bun:test";
import { formatDurationNs, formatMicroseconds, formatSize, parseDurationMs, parseSize } from "./units.ts";

test("sizes are IEC with two digits, bytes without", () => {
  expect([0, 1023, 1024, 8345, 1024 ** 3 * 1.5, 1024 ** 6].map((bytes) => formatSize(bytes))).toEqual([
    "0B",
    "1023B",
    "1.00KiB",
    "8.15KiB",
    "1.50GiB",
    "1024.00PiB",
  ]);
  expect(formatSize("18446744073709551615")).toBe("16384.00PiB");
});

test("sizes are read in every spelling, and nothing else is", () => {
  expect(["10", "4KiB", "1.5mb", "2 gb", "0"].map(parseSize)).toEqual([
    10, 4096, 1_500_000, 2_000_000_000, 0,
  ]);
  expect(["", "x", "1x", "-1", "1e3", "99999999tib"].map(parseSize)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
  ]);
});

test("durations", () => {
  expect(["10ms", "1m30s", "2", "1.5h", "250us"].map(parseDurationMs)).toEqual([
    10, 90_000, 2000, 5_400_000, 0.25,
  ]);
  expect(["", "ms", "1x", "1m 2s"].map(parseDurationMs)).toEqual([null, null, null, null]);
  expect([0, 0.5, 85, 999.6, 1420, 12_400, 999_600, 12_400_000].map(formatMicroseconds)).toEqual([
    "0",
    "500ns",
    "85us",
    "1ms",
    "1.42ms",
    "12.4ms",
    "1s",
    "12.4s",
  ]);
  expect([17 * 60e9, 7505e9, 1.5e9].map(formatDurationNs)).toEqual(["17m0s", "2h5m5s", "1.5s"]);
});
