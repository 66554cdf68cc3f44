import { expect, test } from "bun:test";
import { dateTimeText, formatGoLayout, parseRfc3339, rfc3339Nano, ZERO_TIME } from "./go-time.ts";
import { DEFAULT_TIME_FORMAT } from "./lso.ts";

/** Wednesday, 5 August 2026, 09:04:07.000000345 UTC. */
const timeNs = BigInt(Date.UTC(2026, 7, 5, 9, 4, 7)) * 1_000_000n + 345n;

test.each([
  [DEFAULT_TIME_FORMAT, "05 Aug 26 09:04 UTC"],
  ["02 Jan 06 15:04 -0700", "05 Aug 26 09:04 +0000"],
  ["Monday, 02-Jan-06 15:04:05 MST", "Wednesday, 05-Aug-26 09:04:07 UTC"],
  ["Mon, 02 Jan 2006 15:04:05 MST", "Wed, 05 Aug 2026 09:04:07 UTC"],
  ["Mon, 02 Jan 2006 15:04:05 -0700", "Wed, 05 Aug 2026 09:04:07 +0000"],
  ["2006-01-02T15:04:05Z07:00", "2026-08-05T09:04:07Z"],
  ["2006-01-02T15:04:05.999999999Z07:00", "2026-08-05T09:04:07.000000345Z"],
  ["2006-01-02T15:04:05-07:00", "2026-08-05T09:04:07+00:00"],
  ["Mon Jan _2 15:04:05 2006", "Wed Aug  5 09:04:07 2026"],
  ["Mon Jan  2 15:04:05 MST 2006", "Wed Aug  5 09:04:07 UTC 2026"],
  ["3:04PM", "9:04AM"],
  ["03:04 pm", "09:04 am"],
  ["2006-01-02 15:04:05", "2026-08-05 09:04:07"],
  ["Jan _2 15:04:05.000", "Aug  5 09:04:07.000"],
  ["15:04:05.000000", "09:04:07.000000"],
  ["15:04:05.999", "09:04:07"],
  ["15:04:05,000000000", "09:04:07,000000345"],
  ["1/2/06 4:5", "8/5/26 4:7"],
  ["January 2, 2006", "August 5, 2026"],
  ["002 __2", "217 217"],
  ["Months and Januaryish", "Months and Augustish"],
  ["", ""],
])("layout %j", (layout, text) => {
  expect(formatGoLayout(layout, timeNs)).toBe(text);
});

test("noon, midnight and times before the epoch", () => {
  expect(formatGoLayout("3PM", BigInt(Date.UTC(2026, 0, 1, 12)) * 1_000_000n)).toBe("12PM");
  expect(formatGoLayout("3PM 03", BigInt(Date.UTC(2026, 0, 1, 0)) * 1_000_000n)).toBe("12AM 12");
  expect(rfc3339Nano(-1n)).toBe("1969-12-31T23:59:59.999999999Z");
});

test("RFC 3339 keeps nanoseconds and drops zeros at the end", () => {
  expect(rfc3339Nano(timeNs)).toBe("2026-08-05T09:04:07.000000345Z");
  expect(rfc3339Nano(timeNs - 345n)).toBe("2026-08-05T09:04:07Z");
  expect(rfc3339Nano(timeNs - 345n + 100_000_000n)).toBe("2026-08-05T09:04:07.1Z");
  expect(rfc3339Nano(0n)).toBe(ZERO_TIME);
});

test("RFC 3339 is read back", () => {
  for (const ns of [0n, timeNs, timeNs + 123_456_789n, 1n, -1n])
    expect(parseRfc3339(rfc3339Nano(ns))).toBe(ns);
  expect(parseRfc3339("2026-08-05T11:04:07+02:00")).toBe(timeNs - 345n);
  for (const text of ["", "now", "2026-08-05", "2026-13-05T00:00:00Z"]) expect(parseRfc3339(text)).toBeNull();
});

test("the creation time of a cluster map", () => {
  expect(dateTimeText(Date.UTC(2026, 7, 5, 9, 4, 7))).toBe("2026-08-05 09:04:07");
});
