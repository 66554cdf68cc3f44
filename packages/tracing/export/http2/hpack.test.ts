/** The examples of RFC 7541, appendix C. */
import { describe, expect, test } from "bun:test";
import { encodeHeaders, HeaderDecoder, type HeaderPair } from "./hpack.ts";

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

const AUTHORITY: HeaderPair = [":authority", "www.example.com"];

test("blocks with Huffman codes that refer to those before them (C.4)", () => {
  const decoder = new HeaderDecoder();
  expect(decoder.decode(bytes("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"))).toEqual([
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    AUTHORITY,
  ]);
  expect(decoder.decode(bytes("8286 84be 5886 a8eb 1064 9cbf"))).toEqual([
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/"],
    AUTHORITY,
    ["cache-control", "no-cache"],
  ]);
  expect(decoder.decode(bytes("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"))).toEqual([
    [":method", "GET"],
    [":scheme", "https"],
    [":path", "/index.html"],
    AUTHORITY,
    ["custom-key", "custom-value"],
  ]);
});

test("a table of 256 bytes that forgets (C.6)", () => {
  const decoder = new HeaderDecoder();
  const first = [
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:21 GMT"],
    ["location", "https://www.example.com"],
  ] as const;
  const block =
    `3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e
    919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`.replaceAll("\n", "");
  expect(decoder.decode(bytes(block))).toEqual([[":status", "302"], ...first]);
  expect(decoder.decode(bytes("4883 640e ffc1 c0bf"))).toEqual([[":status", "307"], ...first]);
  const third = `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
    e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`;
  expect(decoder.decode(bytes(third.replaceAll("\n", "")))).toEqual([
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ]);
});

test("what is written is read again, of any length", () => {
  const headers: HeaderPair[] = [
    [":path", "/x"],
    ["short", ""],
    ["long", "v".repeat(126)],
    ["longer", "v".repeat(127)],
    ["longest", "v".repeat(20_000)],
  ];
  expect(new HeaderDecoder().decode(encodeHeaders(headers))).toEqual(headers);
});

describe("refused is", () => {
  test.each([
    ["an index that is in no table", "ff80 01", /no table/],
    ["an index of 0", "80", /no table/],
    ["a text that ends early", "0003 6162", /ends early/],
    ["a block that ends within a number", "ff", /ends early/],
    ["an endless number", "ffff ffff ffff ffff", /too large/],
    ["a table larger than was agreed", "3fe2 1f", /too large/],
    ["a Huffman code that is none", "0084 ffff ffff 00", /Huffman/],
    ["padding that is not all ones", "0081 00 00", /padding|ends early/],
  ])("%s", (_, hex, message) => {
    expect(() => new HeaderDecoder().decode(bytes(hex))).toThrow(message);
  });
});
