import { describe, expect, test } from "bun:test";
import { normaliseBaggage } from "./baggage.ts";

describe("normaliseBaggage", () => {
  test("carries members with properties and encoded values as they are", () => {
    expect(normaliseBaggage("user=al%20ice, k = v ;p;q=1,empty=")).toBe("user=al%20ice,k = v ;p;q=1,empty=");
  });

  test("leaves bad members out and keeps the others", () => {
    expect(normaliseBaggage('a=1,=x,noequals,b="q",c=ü,d=1;bad prop,e=2')).toBe("a=1,e=2");
    expect(normaliseBaggage("")).toBe("");
  });

  test("stops at 64 members", () => {
    const all = Array.from({ length: 70 }, (_, i) => `k${i}=v`);
    expect(normaliseBaggage(all.join(","))).toBe(all.slice(0, 64).join(","));
  });

  test("stops at 8192 bytes, between members", () => {
    const member = (i: number) => `k${i}=${"v".repeat(1000)}`;
    const all = Array.from({ length: 10 }, (_, i) => member(i));
    const kept = normaliseBaggage(all.join(","));
    expect(kept).toBe(all.slice(0, 8).join(","));
    expect(kept.length).toBeLessThanOrEqual(8192);
  });
});
