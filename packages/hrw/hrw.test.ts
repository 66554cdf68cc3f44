import { beforeAll, expect, test } from "bun:test";
import { type Hrw, loadHrw } from "./hrw.ts";

let hrw: Hrw;
beforeAll(async () => {
  hrw = await loadHrw();
});

const MASK = 2n ** 64n - 1n;

/** The weight as wire-compat 8 defines it, to hold the fast form against. */
function definedWeight(x: bigint): bigint {
  let z = (x + 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  z = ((z ^ (z >> 31n)) + 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  z = ((z ^ (z >> 31n)) * 5n) & MASK;
  return (((z << 7n) | (z >> 57n)) * 9n) & MASK;
}

test("XXH64 matches the golden vectors", () => {
  expect(hrw.xxh64("", 0n)).toBe(17241709254077376921n);
  expect(hrw.xxh64("abc", 0n)).toBe(4952883123889572249n);
});

test.each([
  ["ais/@#/abc/obj", 4956197447846981055n],
  ["aws/@#/bck/a/b.txt", 18393499766114102160n],
  ["ais/@uuid#ns/b/o", 8497929317063116344n],
  ["t1", 14214570646889990061n],
  ["t2", 17780131176456335389n],
  ["t3", 7900451649967436292n],
])("the digest of %s matches the golden vector", (text, digest) => {
  expect(hrw.digest(text)).toBe(digest);
});

test("the mixing function matches the golden vectors", () => {
  expect(hrw.weight(4573842n, 0n)).toBe(5026071747115404967n);
  expect(hrw.weight(0n, 0n)).toBe(1905207664160064169n);
});

test("weights and the choice match the golden vectors", () => {
  const object = hrw.digest("ais/@#/abc/obj");
  const nodes = ["target-one", "target-two", "target-three"].map((id) => ({ id, digest: hrw.digest(id) }));
  expect(nodes.map((node) => hrw.weight(node.digest, object))).toEqual([
    2485997533171721990n,
    8174097391279476944n,
    15296678011426793907n,
  ]);
  expect(hrw.chooseTarget(nodes, "ais/@#/abc/obj")?.id).toBe("target-three");
});

test("the fast weight equals the definition on every bit pattern tried", () => {
  const patterns = [0n, 1n, MASK, 1n << 31n, 1n << 32n, 1n << 63n, 0xffffffffn, 0xffffffff00000000n];
  for (let index = 0; index < 64; index++) patterns.push(1n << BigInt(index), MASK ^ (1n << BigInt(index)));
  for (let index = 0; index < 2000; index++) patterns.push(hrw.digest(`pattern ${index}`));
  for (const pattern of patterns) expect(hrw.weight(pattern, 0n)).toBe(definedWeight(pattern));
});

test("the choice is the maximum of the defined weights, for names of every kind", () => {
  const nodes = Array.from({ length: 7 }, (_, index) => ({
    id: `t${index}`,
    digest: hrw.digest(`t${index}`),
  }));
  const chosen = new Map<string, number>();
  for (let index = 0; index < 700; index++) {
    const uname = `ais/@#/bück/a b%?#\\/${index}/日本語`;
    const object = hrw.digest(uname);
    const expected = nodes.reduce((best, node) =>
      definedWeight(node.digest ^ object) > definedWeight(best.digest ^ object) ? node : best,
    );
    expect(hrw.chooseTarget(nodes, uname)).toBe(expected);
    chosen.set(expected.id, (chosen.get(expected.id) ?? 0) + 1);
  }
  // 100 each on average; a broken mix would leave a node nearly empty.
  for (const node of nodes) expect(chosen.get(node.id) ?? 0).toBeGreaterThan(50);
});

test("the order of the list does not matter and losing a node moves only its own objects", () => {
  const nodes = ["a", "b", "c", "d"].map((id) => ({ id, digest: hrw.digest(id) }));
  const reversed = nodes.toReversed();
  const without = nodes.filter((node) => node.id !== "c");
  for (let index = 0; index < 200; index++) {
    const uname = `ais/@#/b/o${index}`;
    const before = hrw.chooseTarget(nodes, uname)?.id;
    expect(hrw.chooseTarget(reversed, uname)?.id).toBe(before);
    if (before !== "c") expect(hrw.chooseTarget(without, uname)?.id).toBe(before);
  }
});

test("an empty list has no target, a single one is the target of everything", () => {
  expect(hrw.chooseTarget([], "ais/@#/b/o")).toBeNull();
  const only = { id: "t", digest: hrw.digest("t") };
  expect(hrw.chooseTarget([only], "ais/@#/b/o")).toBe(only);
});
