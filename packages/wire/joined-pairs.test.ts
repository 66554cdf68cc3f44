import { expect, test } from "bun:test";
import { partJoinedPairs } from "./joined-pairs.ts";

test("a comma parts where a new key follows, and nowhere else", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["", [""]],
    ["a=1", ["a=1"]],
    ["a=1, b=x=y", ["a=1", "b=x=y"]],
    ["a=1, 2, b=3", ["a=1, 2", "b=3"]],
    ["a=1,b=2", ["a=1,b=2"]],
    ["a=see, the page q=1, b=", ["a=see, the page q=1", "b="]],
    ['a="x", "y=z"', ['a="x", "y=z"']],
  ];
  for (const [line, pairs] of cases) expect(partJoinedPairs(line)).toEqual(pairs);
});
