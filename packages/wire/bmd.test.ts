import { expect, test } from "bun:test";
import { aisBucket } from "./bck.ts";
import { type Bmd, emptyBmd, findBucket, listBuckets, parseBmd, withBucket, withoutBucket } from "./bmd.ts";
import { type Bprops, defaultBprops } from "./bprops.ts";
import { defaultClusterConfig } from "./cluster-config.ts";
import { encodeJson } from "./json.ts";

const config = defaultClusterConfig();
const props = (bid: bigint): Bprops => defaultBprops(config, { bid, createdNs: 17n });
const nnn = aisBucket("nnn");

test("adding, finding and removing leave the old BMD as it was", () => {
  const empty = emptyBmd();
  const one = withBucket(empty, nnn, props(1n));
  const two = withBucket(one, { ...nnn, namespace: { uuid: "", name: "ns1" } }, props(2n));
  expect(findBucket(empty, nnn)).toBeNull();
  expect(findBucket(one, nnn)?.bid).toBe("1");
  expect(findBucket(two, nnn)?.bid).toBe("1");
  expect(findBucket(two, { ...nnn, namespace: { uuid: "", name: "ns1" } })?.bid).toBe("2");
  expect(findBucket(withoutBucket(two, nnn), nnn)).toBeNull();
  expect(findBucket(two, nnn)?.bid).toBe("1");
  expect(withoutBucket(empty, nnn)).toBe(empty);
  expect(findBucket(one, { ...nnn, provider: "aws" })).toBeNull();
});

test.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
  "a bucket named %s is found only when it exists, and survives the wire",
  (name) => {
    const bucket = aisBucket(name);
    const other = withBucket(emptyBmd(), nnn, props(1n));
    expect(findBucket(other, bucket)).toBeNull();
    const bmd = parseBmd(encodeJson(withBucket(other, bucket, props(2n))));
    expect(findBucket(bmd, bucket)?.bid).toBe("2");
    expect(findBucket(bmd, nnn)?.bid).toBe("1");
    expect(findBucket(withoutBucket(bmd, bucket), bucket)).toBeNull();
  },
);

test("a listing is sorted and filtered", () => {
  let bmd: Bmd = emptyBmd();
  for (const name of ["b", "a", "c"]) bmd = withBucket(bmd, aisBucket(name), props(1n));
  bmd = withBucket(bmd, { ...aisBucket("z"), provider: "aws" }, props(1n));
  bmd = withBucket(bmd, { ...aisBucket("n"), namespace: { uuid: "", name: "ns1" } }, props(1n));
  const names = (filter?: Parameters<typeof listBuckets>[1]): string[] =>
    listBuckets(bmd, filter).map((entry) => `${entry.bucket.provider}:${entry.bucket.name}`);
  expect(names()).toEqual(["ais:a", "ais:b", "ais:c", "ais:n", "aws:z"]);
  expect(names({ provider: "aws" })).toEqual(["aws:z"]);
  expect(names({ namespaceUname: "@#ns1" })).toEqual(["ais:n"]);
  expect(names({ name: "b" })).toEqual(["ais:b"]);
  expect(names({ name: "nope" })).toEqual([]);
  expect(listBuckets(emptyBmd())).toEqual([]);
});

test("the wire form is AIStore's", () => {
  const bmd = { ...withBucket(emptyBmd(), nnn, props(18446744073709551615n)), uuid: "u", version: "3" };
  const text = encodeJson(bmd);
  const json = JSON.parse(text);
  expect(json.version).toBe("3");
  expect(json.providers.ais["@#"].nnn.bid).toBe("18446744073709551615");
  expect(parseBmd(text)).toEqual(bmd);
});

test.each(["[]", "{}", '{"uuid":"","version":3}', '{"uuid":"","version":"1","providers":{"x":{}}}', "nope"])(
  "%s is no BMD",
  (text) => {
    expect(() => parseBmd(text)).toThrow();
  },
);
