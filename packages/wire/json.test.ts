import { expect, test } from "bun:test";
import { decodeJson, encodeJson } from "./json.ts";

test("keys are sorted at every depth, with a newline at the end", () => {
  expect(encodeJson({ b: 1, a: { d: [1, { z: 1, y: 2 }], c: null } })).toBe(
    '{"a":{"c":null,"d":[1,{"y":2,"z":1}]},"b":1}\n',
  );
});

test("members that are undefined are left out, elements are null", () => {
  expect(encodeJson({ a: undefined, b: [undefined] })).toBe('{"b":[null]}\n');
});

test("64-bit integers are exact numbers in both directions", () => {
  const digest = 14214570646889990061n;
  expect(encodeJson({ id_digest: digest })).toBe('{"id_digest":14214570646889990061}\n');
  expect(decodeJson('{"id_digest":14214570646889990061,"small":5,"negative":-9223372036854775808}')).toEqual({
    id_digest: digest,
    small: 5,
    negative: -9223372036854775808n,
  });
});

test("big integers are found wherever a number may stand", () => {
  const big = 12345678901234567890n;
  for (const [text, value] of [
    ["12345678901234567890", big],
    [" 12345678901234567890", big],
    ["[12345678901234567890]", [big]],
    ["[1,12345678901234567890]", [1, big]],
    ["[1,\n\t-12345678901234567890]", [1, -big]],
    ['{"a":12345678901234567890}', { a: big }],
    ['{"a": 12345678901234567890}', { a: big }],
  ] as const) {
    expect(decodeJson(text)).toEqual(value);
  }
});

test("only unsafe integers become bigint", () => {
  expect(
    decodeJson("[9007199254740991,9007199254740992,0.1234567890123456789,1e30,1234567890123456]"),
  ).toEqual([9007199254740991, 9007199254740992n, 0.12345678901234568, 1e30, 1234567890123456]);
  expect(decodeJson('"12345678901234567890"')).toBe("12345678901234567890");
});

test("what is encoded decodes to itself, awkward texts and keys included", () => {
  const value = {
    "": [true, false, null, 1.5, -0.25, '\u2028 " \\ \n é 🙂'],
    constructor: { toString: 1 },
    n: 18446744073709551615n,
  };
  expect(decodeJson(encodeJson(value))).toEqual(value);
  const proto = encodeJson(JSON.parse('{"__proto__":{"a":1}}'));
  expect(proto).toBe('{"__proto__":{"a":1}}\n');
});

test.each(["", "{", "nope", "{'a':1}"])("%j is a bad request", (text) => {
  expect(() => decodeJson(text)).toThrow("failed to parse JSON");
});
