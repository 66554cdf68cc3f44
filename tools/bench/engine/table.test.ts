import { expect, test } from "bun:test";
import type { RowResult } from "./row-result.ts";
import { numberText, tableHead, tableRow } from "./table.ts";

const ROW: RowResult = {
  name: "get_4k_direct",
  title: "GET 4 KiB",
  value: 61_234.5,
  unit: "requests/s",
  ceiling: 101_000,
  ceiling_name: "Bun.serve",
  ratio: 0.6063,
  want: ">= 0.55",
  reached: true,
  p99_ms: 1.234,
  cpu_us_per_request: 14.56,
  rounds: 5,
};

test("every figure stands under its head", () => {
  const head = tableHead();
  const text = tableRow(ROW);
  const under = (title: string, cell: string): void => {
    const end = head.indexOf(title) + title.length;
    expect(text.slice(end - cell.length, end)).toBe(cell);
  };
  under("value", "61235");
  under("ratio", "0.606");
  under("want", ">= 0.55");
  under("us/req", "14.6");
  under("p99 ms", "1.23");
  // Nothing was measured of it.
  under("p50 ms", "-");
  expect(text).toContain(" ok ");
  expect(text).toEndWith("to Bun.serve");
});

test("a missed figure is said so, one that nothing is set for is not judged", () => {
  expect(tableRow({ ...ROW, reached: false })).toContain(" MISS ");
  const { want: _want, reached: _reached, ...free } = ROW;
  expect(tableRow(free)).not.toMatch(/ok|MISS/);
});

test.each([
  [undefined, "-"],
  [Number.NaN, "-"],
  [0, "0"],
  [0.01234, "0.0123"],
  [99.96, "100"],
  [123_456.7, "123457"],
])("numberText(%p) is %p", (value, text) => {
  expect(numberText(value)).toBe(text);
});
