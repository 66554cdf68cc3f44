import { expect, test } from "bun:test";
import { ParsedQuery } from "./query.ts";

test("items of trace context are for the trace stage, in any spelling, and for nobody else", () => {
  const query = new ParsedQuery(
    "a=1&traceparent=00-x&TraceState=s%3D1&trace%73ig=sig&transient=true&t=2&a=3",
  );
  expect(query.traceItem("traceparent")).toBe("00-x");
  expect(query.traceItem("tracesig")).toBe("sig");
  expect(query.traceItem("a")).toBeNull();
  expect([...query.entries()]).toEqual([
    ["a", "1"],
    ["transient", "true"],
    ["t", "2"],
  ]);
  for (const name of ["traceparent", "TraceState", "tracestate", "tracesig"])
    expect(query.get(name)).toBeNull();
  expect(query.flag("transient")).toBe(true);
});
