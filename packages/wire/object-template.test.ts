import { expect, test } from "bun:test";
import {
  isPrefixOnly,
  matchesTemplate,
  parseTemplate,
  templateCount,
  templateName,
} from "./object-template.ts";

function names(template: string, limit = 20): string[] {
  const parsed = parseTemplate(template);
  const count = Math.min(limit, templateCount(parsed));
  return Array.from({ length: count }, (_, index) => templateName(parsed, index));
}

test.each([
  ["p-{0..3}", ["p-0", "p-1", "p-2", "p-3"]],
  ["p-{0001..0010..3}-s", ["p-0001-s", "p-0004-s", "p-0007-s", "p-0010-s"]],
  ["{08..11}", ["08", "09", "10", "11"]],
  // The shorter of the two numbers says how many digits there are, as in AIStore.
  ["x{8..010}", ["x8", "x9", "x10"]],
  ["a{0..1}b{1..2}c", ["a0b1c", "a0b2c", "a1b1c", "a1b2c"]],
  ["a@2", ["a0", "a1", "a2"]],
  ["a@01-@1z", ["a00-0z", "a00-1z", "a01-0z", "a01-1z"]],
])("template %j stands for %j", (template, expected) => {
  expect(names(template)).toEqual(expected);
  const parsed = parseTemplate(template);
  for (const name of expected) expect(matchesTemplate(parsed, name)).toBe(true);
});

test("every name that is generated matches, also where neighbouring ranges share digits", () => {
  const parsed = parseTemplate("n{1..12}{0..20..5}x{007..9}");
  expect(templateCount(parsed)).toBe(12 * 5 * 3);
  for (let index = 0; index < templateCount(parsed); index++) {
    expect(matchesTemplate(parsed, templateName(parsed, index))).toBe(true);
  }
});

test("names out of the range, off the step or padded otherwise do not match", () => {
  const parsed = parseTemplate("p-{0001..0010..3}-s");
  for (const name of [
    "p-0002-s",
    "p-0013-s",
    "p-1-s",
    "p-00001-s",
    "p-0001-s2",
    "p-0001",
    "q-0001-s",
    "p--s",
  ]) {
    expect([name, matchesTemplate(parsed, name)]).toEqual([name, false]);
  }
});

test("fmt-style has no end and matches by form", () => {
  const parsed = parseTemplate("shard-%06d.tar");
  expect(templateCount(parsed)).toBe(Number.POSITIVE_INFINITY);
  expect(templateName(parsed, 42)).toBe("shard-000042.tar");
  expect(matchesTemplate(parsed, "shard-1234567.tar")).toBe(true);
  expect(matchesTemplate(parsed, "shard-42.tar")).toBe(false);
  expect(matchesTemplate(parseTemplate("a%d"), "a42")).toBe(true);
});

test.each([
  ["", ""],
  ["*", ""],
  ["logs/2025/", "logs/2025/"],
  ["abc*", "abc"],
  ["100%%", "100%%"],
  ["only{one", "only{one"],
])("%j is a prefix", (template, prefix) => {
  const parsed = parseTemplate(template);
  expect([isPrefixOnly(parsed), parsed.prefix]).toEqual([true, prefix]);
  expect(matchesTemplate(parsed, `${prefix}anything`)).toBe(true);
});

test.each([
  "a{3..1}",
  "a{1..3..0}",
  "a{-1..3}",
  "a{1.3}",
  "a{x..y}",
  "a}1..2{",
  "a{{1..2}}",
  "a{1..9999999999999999999}",
  "a{1..999999999}{1..999999999}",
  "{0..1}".repeat(17),
  "a@",
  "a@b",
  "a%6d",
  "a%x",
])("template %j is refused", (template) => {
  expect(() => parseTemplate(template)).toThrow(/^invalid template/);
});
