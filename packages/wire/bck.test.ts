import { expect, test } from "bun:test";
import {
  aisBucket,
  bckFromRequest,
  bucketCname,
  bucketUname,
  objectCname,
  objectUname,
  parseNamespace,
  parseObjectUri,
  parseProvider,
  parseUname,
  sameBucket,
  validateBucketName,
  validateNewBucket,
} from "./bck.ts";

const nnn = aisBucket("nnn");
const remote = { name: "b", provider: "ais", namespace: { uuid: "uuid", name: "ns" } } as const;

test("canonical names", () => {
  expect(bucketCname(nnn)).toBe("ais://nnn");
  expect(objectCname(nnn, "dir/obj")).toBe("ais://nnn/dir/obj");
  expect(bucketCname(remote)).toBe("ais://@uuid#ns/b");
  expect(bucketCname({ ...nnn, provider: "aws" })).toBe("s3://nnn");
  expect(bucketCname({ ...nnn, namespace: { uuid: "", name: "ns1" } })).toBe("ais://#ns1/nnn");
});

test("unames", () => {
  expect(bucketUname(nnn)).toBe("ais/@#/nnn/");
  expect(objectUname(nnn, "dir/obj")).toBe("ais/@#/nnn/dir/obj");
  expect(objectUname(remote, "o")).toBe("ais/@uuid#ns/b/o");
  expect(objectUname({ ...nnn, provider: "gcp" }, "o")).toBe("gcp/@#/nnn/o");
});

test.each([
  [nnn, ""],
  [nnn, "a/b c%?#\\"],
  [remote, "o"],
])("%j %j survives its uname", (bucket, objectName) => {
  expect(parseUname(objectUname(bucket, objectName))).toEqual({ bucket, objectName });
});

test.each(["", "ais", "ais/@#", "ais/@#/", "nope/@#/b/"])("%j is no uname", (uname) => {
  expect(() => parseUname(uname)).toThrow(/invalid/);
});

test("providers have aliases, in lower case", () => {
  expect(["", "ais", "s3", "gs", "az", "oc", "azure"].map(parseProvider)).toEqual([
    "ais",
    "ais",
    "aws",
    "gcp",
    "azure",
    "oci",
    "azure",
  ]);
  expect(() => parseProvider("ftp")).toThrow('invalid bucket provider "ftp"');
});

test.each([
  ["", "", ""],
  ["@#", "", ""],
  ["@", "@", ""],
  ["@uuid", "uuid", ""],
  ["@uuid#ns", "uuid", "ns"],
  ["#ns", "", "ns"],
  ["@#ns", "", "ns"],
])("namespace %j", (text, uuid, name) => {
  expect(parseNamespace(text)).toEqual({ uuid, name });
});

test.each(["@a#b#c", "#a/b", "@ü"])("namespace %j is refused", (text) => {
  expect(() => parseNamespace(text)).toThrow("invalid bucket namespace");
});

test("a request names its bucket by path and query", () => {
  expect(bckFromRequest("b", "s3", "@uuid#ns")).toEqual({
    name: "b",
    provider: "aws",
    namespace: { uuid: "uuid", name: "ns" },
  });
  expect(sameBucket(bckFromRequest("nnn", null, null), nnn)).toBe(true);
  expect(sameBucket(remote, aisBucket("b"))).toBe(false);
});

test.each(["a", "A-b_c.9", "x".repeat(64), "constructor", "__proto__"])("bucket name %j is valid", (name) => {
  validateBucketName(name);
});

test.each(["", "x".repeat(65), "a..b", ".hidden", "a b", "a/b", "ü", "a%"])(
  "bucket name %j is refused",
  (name) => {
    expect(() => validateBucketName(name)).toThrow(/bucket name/);
  },
);

test.each([
  ["ais://nnn", "nnn", ""],
  ["ais://nnn/", "nnn", ""],
  ["ais://nnn/dir/a b%20?#.txt", "nnn", "dir/a b%20?#.txt"],
  ["nnn/obj", "nnn", "obj"],
  ["nnn", "nnn", ""],
  ["ais://", "", ""],
  ["ais:", "", ""],
])("URI %j", (uri, name, objectName) => {
  expect(parseObjectUri(uri)).toEqual({ bucket: aisBucket(name), objectName });
});

test("URIs of other providers and namespaces", () => {
  expect(parseObjectUri("s3://b/o").bucket.provider).toBe("aws");
  expect(parseObjectUri("ais://@uuid#ns/b/dir/o")).toEqual({ bucket: remote, objectName: "dir/o" });
  expect(parseObjectUri("ais://#ns1/b").bucket.namespace).toEqual({ uuid: "", name: "ns1" });
  expect(parseObjectUri("ais://@").bucket).toEqual({ ...aisBucket(""), namespace: { uuid: "@", name: "" } });
  expect(() => parseObjectUri("ais:///obj")).toThrow("no bucket name");
  expect(() => parseObjectUri("http://b/o")).toThrow('provider "http"');
});

test("any remote cluster is written in three ways; names of namespaces may have dots", () => {
  for (const text of ["@", "@@", "@@#"]) expect(parseNamespace(text)).toEqual({ uuid: "@", name: "" });
  expect(parseNamespace("#team.a")).toEqual({ uuid: "", name: "team.a" });
  for (const text of ["#a..b", "@a.b", "#a b"])
    expect(() => parseNamespace(text)).toThrow("invalid bucket namespace");
  const namespace = { uuid: "", name: "n".repeat(65) };
  expect(() => validateNewBucket({ ...aisBucket("b"), namespace })).toThrow("too long");
});
