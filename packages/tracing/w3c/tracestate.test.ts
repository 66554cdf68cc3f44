import { describe, expect, test } from "bun:test";
import { CarriedTraceState, normaliseTraceState } from "./tracestate.ts";

const members = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`);

describe("normaliseTraceState", () => {
  test("keeps order, drops optional space and empty members", () => {
    expect(normaliseTraceState("foo=1 , \tbar=2,, 1ab@x=3,")).toBe("foo=1,bar=2,1ab@x=3");
    expect(normaliseTraceState(null)).toBe("");
    expect(normaliseTraceState("")).toBe("");
  });

  test("keeps spaces inside a value", () => {
    expect(normaliseTraceState("a=b c,d=e")).toBe("a=b c,d=e");
  });

  const broken: readonly (readonly [why: string, text: string])[] = [
    ["a key in upper case", "Foo=1"],
    ["no value", "foo="],
    ["no equals sign", "foo"],
    ["an equals sign in the value", "foo=a=b"],
    ["an at sign at the start of a key", "@foo=1"],
    ["a key of 257 characters", `${"a".repeat(257)}=1`],
    ["a value of 257 characters", `a=${"v".repeat(257)}`],
    ["a character outside ASCII", "a=ü"],
    ["33 members", members(33).join(",")],
  ];
  for (const [why, text] of broken) {
    test(`drops the whole list for ${why}`, () => expect(normaliseTraceState(`ok=1,${text}`)).toBe(""));
  }

  test("keeps the first of several members of one key", () => {
    expect(normaliseTraceState("foo=1,bar=2,foo=3")).toBe("foo=1,bar=2");
  });

  test("takes at signs anywhere but at the start of a key", () => {
    for (const text of ["foo@1bar=1", "a@b@c=1", "a@@=1", `t@${"v".repeat(15)}=1`])
      expect(normaliseTraceState(text)).toBe(text);
  });

  test("takes 32 members", () => {
    expect(normaliseTraceState(members(32).join(","))).toBe(members(32).join(","));
  });

  test("over 512 characters drops long members first, then from the end", () => {
    const long = `long=${"x".repeat(200)}`;
    const medium = Array.from({ length: 5 }, (_, i) => `m${i}=${"y".repeat(90)}`);
    const kept = normaliseTraceState([medium[0], long, ...medium.slice(1)].join(","));
    expect(kept).toBe(medium.join(","));
    const many = Array.from({ length: 8 }, (_, i) => `m${i}=${"y".repeat(90)}`);
    expect(normaliseTraceState(many.join(","))).toBe(many.slice(0, 5).join(","));
  });
});

test("CarriedTraceState puts a changed member first", () => {
  const state = new CarriedTraceState("a=1,b=2");
  expect(state.get("b")).toBe("2");
  expect(state.get("c")).toBeUndefined();
  expect(state.set("b", "3").serialize()).toBe("b=3,a=1");
  expect(state.unset("a").serialize()).toBe("b=2");
  expect(state.serialize()).toBe("a=1,b=2");
});
