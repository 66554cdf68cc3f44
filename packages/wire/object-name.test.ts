import { expect, test } from "bun:test";
import { seededRandom, testSeed } from "@ais/base/testing/seeded-random.ts";
import {
  decodeObjectPath,
  encodeObjectPath,
  OBJECT_NAME_MAX_BYTES,
  validateObjectName,
} from "./object-name.ts";
import { objectPath } from "./paths.ts";

const AWKWARD = [
  "plain",
  "dir/obj",
  "a b",
  "100%",
  "%41",
  "%zz",
  "why?",
  "a#b",
  "back\\slash",
  "a//b",
  "dir/...hidden",
  ".hidden",
  "~tilde",
  "a~/b",
  "plus+and&=;:@,$!'()*",
  '"quoted" <tag>',
  "日本語/ключ/🙂",
  "e\u0301",
  "tab\tnewline\n",
  "\u007f\u0080",
  "constructor",
  "__proto__",
];

test.each(AWKWARD)("%j survives the way through a path", (name) => {
  validateObjectName(name);
  const path = encodeObjectPath(name);
  expect(path).toMatch(/^[\x21-\x7e]*$/);
  expect(path).not.toMatch(/[?#\\ "<>]/);
  expect(decodeObjectPath(path)).toBe(name);
});

test.each(AWKWARD)("%j survives a URL parser", (name) => {
  const url = new URL(objectPath("nnn", name), "http://127.0.0.1:8080");
  expect(url.search + url.hash).toBe("");
  expect(decodeObjectPath(url.pathname.slice("/v1/objects/nnn/".length))).toBe(name);
});

const ALPHABET = [
  "a",
  "B",
  "7",
  "/",
  ".",
  "%",
  "?",
  "#",
  "\\",
  " ",
  "+",
  "&",
  "é",
  "語",
  "🙂",
  "~",
  "\n",
  "'",
] as const;

const seed = testSeed(process.env);
test(`random valid names survive the way through a path (AIS_TEST_SEED=${seed})`, () => {
  const random = seededRandom(seed);
  let valid = 0;
  for (let round = 0; round < 3000; round++) {
    const name = Array.from({ length: random.int(1, 30) }, () => random.pick(ALPHABET)).join("");
    try {
      validateObjectName(name);
    } catch {
      continue;
    }
    valid++;
    expect(decodeObjectPath(encodeObjectPath(name))).toBe(name);
    const { pathname } = new URL(objectPath("nnn", name), "http://h");
    expect(decodeObjectPath(pathname.slice("/v1/objects/nnn/".length))).toBe(name);
  }
  expect(valid).toBeGreaterThan(1000);
});

test("leading slashes collapse, plain and escaped", () => {
  expect(decodeObjectPath("///a/b")).toBe("a/b");
  expect(decodeObjectPath("%2Fa%2Fb")).toBe("a/b");
  expect(decodeObjectPath("a%2fb")).toBe("a/b");
});

test.each(["%", "%4", "a%zz", "%ff", "%c3%28"])("malformed escape %j is a bad request", (path) => {
  expect(() => decodeObjectPath(path)).toThrow("malformed percent-encoding");
});

test.each([
  ["", "is empty"],
  ["dir/", 'ends with "/"'],
  ["/dir", 'starts with "/"'],
  ["~/dir", 'starts with "~/"'],
  [".", "element"],
  ["a/../b", "element"],
  ["a/./b", "element"],
  ["a/..", "element"],
  ["nul\0", "NUL"],
  ["\ud800", "well-formed"],
])("%j is refused", (name, why) => {
  expect(() => validateObjectName(name)).toThrow(why);
});

test("the limit counts bytes of UTF-8", () => {
  validateObjectName("a".repeat(OBJECT_NAME_MAX_BYTES));
  expect(() => validateObjectName("a".repeat(OBJECT_NAME_MAX_BYTES + 1))).toThrow("1024 bytes");
  validateObjectName("é".repeat(OBJECT_NAME_MAX_BYTES / 2));
  expect(() => validateObjectName("é".repeat(OBJECT_NAME_MAX_BYTES / 2 + 1))).toThrow("1024 bytes");
  validateObjectName("🙂".repeat(256));
  expect(() => validateObjectName("🙂".repeat(257))).toThrow("1024 bytes");
});

test("a lone surrogate cannot be put into a path", () => {
  expect(() => encodeObjectPath("a\udfff")).toThrow("well-formed");
});
