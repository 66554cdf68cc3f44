import { expect, test } from "bun:test";
import { WantedTraces } from "./wanted-traces.ts";

test("a trace that is asked for again keeps none that was asked for before it", () => {
  const wanted = new WantedTraces(10, 30);
  wanted.add("a", 0, true);
  wanted.add("b", 1, true);
  wanted.add("a", 29, true);
  wanted.expire(40);
  expect([wanted.size, wanted.missed, wanted.take("a"), wanted.take("b")]).toEqual([1, 1, true, false]);
});
