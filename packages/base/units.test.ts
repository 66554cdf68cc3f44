import { expect, test } from "bun:test";
import { isAisError } from "./errors.ts";
import { seededRandom, testSeed } from "./testing/seeded-random.ts";
import {
  formatDurationMs,
  formatDurationNs,
  formatSizeExact,
  formatSizeIec,
  formatSizeSi,
  parseDurationMs,
  parseDurationNs,
  parseSize,
} from "./units.ts";

test.each([
  ["0", 0n],
  ["0s", 0n],
  ["1ns", 1n],
  ["1.5us", 1_500n],
  ["2µs", 2_000n],
  ["100ms", 100_000_000n],
  ["1m30s", 90_000_000_000n],
  ["2h", 7_200_000_000_000n],
  ["1.5h", 5_400_000_000_000n],
  [".5s", 500_000_000n],
  ["1.s", 1_000_000_000n],
  ["-2s", -2_000_000_000n],
  ["+2s", 2_000_000_000n],
  ["1h0m0.000000001s", 3_600_000_000_001n],
])("a Go duration %s is read", (text, ns) => {
  expect(parseDurationNs(text)).toBe(ns);
});

test.each(["", "s", "1", "1x", "1m 30s", " 1s", "1s ", "--1s", "1e3s", ".s", "300000000h"])(
  "%p is no duration",
  (text) => {
    expect(() => parseDurationNs(text)).toThrow(`invalid duration "${text}"`);
  },
);

test.each([
  [0n, "0s"],
  [1n, "1ns"],
  [1_500n, "1.5µs"],
  [100_000_000n, "100ms"],
  [1_000_000_000n, "1s"],
  [1_500_000_000n, "1.5s"],
  [60_000_000_000n, "1m"],
  [90_000_000_000n, "1m30s"],
  [3_600_000_000_000n, "1h0m"],
  [7_200_000_000_000n, "2h0m"],
  [3_661_000_000_000n, "1h1m1s"],
  [3_601_000_000_000n, "1h0m1s"],
  [-90_000_000_000n, "-1m30s"],
])("%p ns is printed as AIStore does", (ns, text) => {
  expect(formatDurationNs(ns)).toBe(text);
});

const seed = testSeed(process.env);
test(`durations survive printing and reading (AIS_TEST_SEED=${seed})`, () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 500; round++) {
    const ns = BigInt(Math.floor(random.next() * 10 ** random.int(0, 18)));
    expect(parseDurationNs(formatDurationNs(ns))).toBe(ns);
  }
});

test("milliseconds keep a fraction both ways", () => {
  expect(parseDurationMs("1500us")).toBe(1.5);
  expect(formatDurationMs(1.5)).toBe("1.5ms");
  expect(formatDurationMs(60_000)).toBe("1m");
});

test.each([
  ["", 0],
  ["0B", 0],
  ["4096", 4096],
  ["64MiB", 64 * 1024 ** 2],
  ["1GiB", 1024 ** 3],
  ["1gib", 1024 ** 3],
  ["2gb", 2e9],
  ["32kb", 32_000],
  ["32k", 32_000],
  ["32Ki", 32 * 1024],
  ["1.5GiB", 1.5 * 1024 ** 3],
  [" 1 TiB ", 1024 ** 4],
  ["-1", -1],
])("a size %p is read", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test("the config reads decimal suffixes as powers of 1024, as AIStore's does", () => {
  expect(parseSize("2GB", "iec")).toBe(2 * 1024 ** 3);
  expect(parseSize("1K", "iec")).toBe(1024);
  expect(parseSize("7", "iec")).toBe(7);
});

test.each(["x", "1x", "1 2", "1e3", "MiB", "1MiBB", "99999TiB"])("%p is no size", (text) => {
  try {
    parseSize(text);
    expect.unreachable();
  } catch (error) {
    expect(isAisError(error, "badRequest")).toBe(true);
    expect(String(error)).toContain(`invalid size "${text}"`);
  }
});

test("sizes are printed rounded for people and exactly for documents", () => {
  expect(formatSizeIec(64 * 1024 ** 2)).toBe("64MiB");
  expect(formatSizeIec(1536, 1)).toBe("1.5KiB");
  expect(formatSizeIec(0)).toBe("0B");
  expect(formatSizeSi(1_500_000, 2)).toBe("1.50MB");
  expect(formatSizeExact(1025)).toBe("1025B");
  expect(formatSizeExact(1024 ** 4)).toBe("1TiB");
});

test(`exact sizes survive printing and reading (AIS_TEST_SEED=${seed})`, () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 500; round++) {
    const bytes = Math.floor(random.next() * 2 ** random.int(0, 52));
    expect(parseSize(formatSizeExact(bytes), "iec")).toBe(bytes);
    expect(parseSize(formatSizeExact(bytes))).toBe(bytes);
  }
});
