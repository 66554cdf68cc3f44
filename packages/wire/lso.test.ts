import { expect, test } from "bun:test";
import {
  DEFAULT_TIME_FORMAT,
  ENTRY_FLAGS,
  formatCustom,
  hasFlag,
  LSO_PAGE_SIZE_MAX,
  listedProps,
  lsoToJson,
  lsoToMsgpackObject,
  parseLsoMsg,
} from "./lso.ts";

const DEFAULTS = {
  uuid: "",
  props: "",
  timeFormat: DEFAULT_TIME_FORMAT,
  prefix: "",
  startAfter: "",
  continuationToken: "",
  target: "",
  flags: 0,
  pageSize: LSO_PAGE_SIZE_MAX,
};

test("an empty message has the defaults", () => {
  expect(parseLsoMsg({})).toEqual(DEFAULTS);
  expect(parseLsoMsg({ uuid: null, props: null, flags: null, pagesize: null, time_format: "" })).toEqual(
    DEFAULTS,
  );
});

test("a message as Go sends it", () => {
  const msg = parseLsoMsg({
    uuid: "u",
    props: "name,size",
    time_format: "2006",
    prefix: "a b/%",
    start_after: "s",
    continuation_token: "t",
    target: "T",
    flags: "2064",
    pagesize: 7,
  });
  expect(msg).toEqual({
    uuid: "u",
    props: "name,size",
    timeFormat: "2006",
    prefix: "a b/%",
    startAfter: "s",
    continuationToken: "t",
    target: "T",
    flags: 2064,
    pageSize: 7,
  });
  expect(hasFlag(msg, "noRecursion")).toBe(true);
  expect(hasFlag(msg, "nameOnly")).toBe(true);
  expect(hasFlag(msg, "cached")).toBe(false);
});

test("keys match in any case, flags may be a number, pages are capped", () => {
  expect(parseLsoMsg({ Prefix: "x", PageSize: 99_999, FLAGS: 1 })).toEqual({
    ...DEFAULTS,
    prefix: "x",
    pageSize: LSO_PAGE_SIZE_MAX,
    flags: 1,
  });
});

test.each([
  [null, "expecting a JSON object"],
  [[], "expecting a JSON object"],
  [{ flags: "x" }, '"flags"'],
  [{ flags: -1 }, '"flags"'],
  [{ flags: "18446744073709551615" }, "unknown bits"],
  [{ pagesize: -1 }, "must not be negative"],
  [{ pagesize: 1.5 }, '"pagesize"'],
  [{ prefix: 5 }, '"prefix"'],
])("%j is a bad request", (value, text) => {
  expect(() => parseLsoMsg(value)).toThrow(text);
});

test.each([
  [{}, "name size cached"],
  [{ flags: 1 }, "name size checksum atime"],
  [{ flags: 16, props: "size" }, "name"],
  [{ flags: 32 }, "name size"],
  [{ props: "Atime, VERSION" }, "name atime version"],
])("properties of %j", (value, props) => {
  expect([...listedProps(parseLsoMsg(value))].join(" ")).toBe(props);
});

test("properties that nobody knows are passed over", () => {
  expect([...listedProps(parseLsoMsg({ props: "name,colour,,version" }))]).toEqual(["name", "version"]);
});

test("a prefix loses one star at its end", () => {
  expect(["a*", "a**", "*", "a*b"].map((prefix) => parseLsoMsg({ prefix }).prefix)).toEqual([
    "a",
    "a*",
    "",
    "a*b",
  ]);
});

const FULL = {
  name: "dir/é",
  checksum: "ab",
  atime: "19 Aug 26 10:11 UTC",
  version: "2",
  location: "t[T]:/mp",
  custom: "[k:v]",
  sizeBytes: 5,
  copies: 1,
  flags: ENTRY_FLAGS.cached,
};

test("the JSON reply", () => {
  const result = {
    uuid: "u",
    continuationToken: "z",
    entries: [FULL, { name: "empty", sizeBytes: 0 }],
    flags: 0,
  };
  expect(lsoToJson(result)).toEqual({
    uuid: "u",
    continuation_token: "z",
    entries: [
      {
        name: "dir/é",
        checksum: "ab",
        atime: "19 Aug 26 10:11 UTC",
        version: "2",
        location: "t[T]:/mp",
        "custom-md": "[k:v]",
        size: "5",
        copies: 1,
        flags: 64,
      },
      { name: "empty" },
    ],
    flags: 0,
  });
});

test("the MessagePack reply has exactly these keys in this order", () => {
  const packed = lsoToMsgpackObject({
    uuid: "u",
    continuationToken: "",
    entries: [FULL, { name: "empty" }],
    flags: 0,
  });
  expect(JSON.stringify(packed)).toBe(
    '{"UUID":"u","ContinuationToken":"","Entries":[{"n":"dir/é","cs":"ab","a":"19 Aug 26 10:11 UTC","v":"2",' +
      '"t":"t[T]:/mp","m":"[k:v]","s":5,"c":1,"f":64},{"n":"empty"}],"Flags":0}',
  );
});

test("custom metadata as one text", () => {
  expect(formatCustom({})).toBe("");
  expect(formatCustom({ k2: "v2", k: "v" })).toBe("[k:v k2:v2]");
});
