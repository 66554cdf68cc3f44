import { expect, test } from "bun:test";
import { parsePromoteArgs, promotedName, promoteMessage } from "./promote.ts";

const SOURCE = "/var/lib/ais/promote/d";

test("arguments go out and come in, and everything but the source has a default", () => {
  const args = {
    source: SOURCE,
    objectName: "x/",
    targetId: "t1",
    recursive: true,
    overwrite: true,
    deleteSource: true,
    isNotShared: true,
  };
  expect(parsePromoteArgs("", promoteMessage(args))).toEqual(args);
  expect(parsePromoteArgs(SOURCE, {})).toEqual({
    source: SOURCE,
    objectName: "",
    targetId: "",
    recursive: false,
    overwrite: false,
    deleteSource: false,
    isNotShared: false,
  });
  expect(parsePromoteArgs(SOURCE, { src: SOURCE, obj: null })).toMatchObject({ source: SOURCE });
});

test.each([
  ["", {}],
  ["relative", {}],
  [`${SOURCE}/../x`, {}],
  [`${SOURCE}/.`, {}],
  [`${SOURCE}/..`, {}],
  [`${SOURCE}\0x`, {}],
  [SOURCE, { src: "/other" }],
  [SOURCE, { obj: "../x" }],
  [SOURCE, { obj: "/x" }],
  [SOURCE, { obj: "~/x" }],
  [SOURCE, { rcr: "yes" }],
  [SOURCE, null],
])("source %p with %p is refused", (name, value) => {
  expect(() => parsePromoteArgs(name, value)).toThrow(expect.objectContaining({ code: "badRequest" }));
});

test("names that only look like a climb are fine", () => {
  for (const name of [`${SOURCE}/.hidden`, `${SOURCE}/..hidden`, `${SOURCE}/~/x`])
    expect(parsePromoteArgs(name, {}).source).toBe(name);
});

test("a file takes the name or goes below it; files of a directory follow the prefix", () => {
  expect(promotedName("", "f", false)).toBe("f");
  expect(promotedName("name", "f", false)).toBe("name");
  expect(promotedName("dir/", "f", false)).toBe("dir/f");
  expect(promotedName("pre-", "a/f", true)).toBe("pre-a/f");
});
