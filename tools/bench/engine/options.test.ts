import { describe, expect, test } from "bun:test";
import { isChosen, objectsText, parseEngineOptions } from "./options.ts";

describe("parseEngineOptions", () => {
  test("quick shortens what is not given", () => {
    const full = parseEngineOptions([]).options;
    const quick = parseEngineOptions(["--quick", "--rounds", "9"]).options;
    expect(full).toMatchObject({ only: null, isQuick: false, objects: 1_000_000 });
    expect(quick.seconds).toBeLessThan(full.seconds);
    expect(quick.objects).toBeLessThan(full.objects);
    expect(quick.rounds).toBe(9);
  });

  test.each([
    [["--rounds", "0"], "--rounds"],
    [["--rounds=1.5"], "--rounds"],
    [["--seconds=-1"], "--seconds"],
    [["--objects=many"], "--objects"],
    [["--unknown"], "--unknown"],
  ])("refuses %j", (argv, text) => {
    expect(() => parseEngineOptions(argv)).toThrow(text);
  });
});

test("names choose rows, a star all that begin so", () => {
  const only = ["get_4k_direct", "put_4k*"];
  const rows = ["get_4k_direct", "get_4k_proxy", "put_4k_os", "put_4k_fsync", "put_1g"];
  expect(rows.filter((name) => isChosen(name, only))).toEqual(["get_4k_direct", "put_4k_os", "put_4k_fsync"]);
  expect(rows.every((name) => isChosen(name, null))).toBe(true);
});

test.each([
  [1_000_000, "1m"],
  [200_000, "200k"],
  [1_500, "1500"],
])("%d objects are %s", (count, text) => {
  expect(objectsText(count)).toBe(text);
});
