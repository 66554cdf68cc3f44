import { describe, expect, test } from "bun:test";
import { type SeededRandom, seededRandom, testSeed } from "@ais/base/testing/seeded-random.ts";
import { compareUtf8, type MergeEntry, mergePages, type TargetPage } from "./merge.ts";

const ALPHABET: readonly [string, ...string[]] = [
  "a",
  "b",
  "/",
  "é",
  "\uffee",
  "\u{1f600}",
  "\u{10ffff}",
  "z",
];

function randomName(random: SeededRandom): string {
  return Array.from({ length: random.int(1, 5) }, () => random.pick(ALPHABET)).join("");
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** A target's answer to one page request, as short as it likes to be. */
function pageOf(names: readonly string[], after: string, limit: number): TargetPage<MergeEntry> {
  const rest = names.filter((name) => after === "" || byBytes(name, after) > 0);
  return { entries: rest.slice(0, limit).map((name) => ({ name })), more: rest.length > limit };
}

describe("mergePages", () => {
  const seed = testSeed(process.env);

  test(`pages over random targets add up to the sorted union (AIS_TEST_SEED=${seed})`, () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 200; round++) {
      const targets = Array.from({ length: random.int(1, 4) }, () => {
        const names = Array.from({ length: random.int(0, 30) }, () => randomName(random));
        return [...new Set(names)].sort(byBytes);
      });
      const expected = [...new Set(targets.flat())].sort(byBytes);
      const limit = random.int(1, 10);
      const listed: string[] = [];
      let after = "";
      for (let page = 0; ; page++) {
        expect(page).toBeLessThan(200);
        // A target may return fewer than asked for, as long as it returns something and says that it has more.
        const pages = targets.map((names) => pageOf(names, after, random.int(1, limit)));
        const merged = mergePages(pages, after, limit);
        expect(merged.entries.length).toBeLessThanOrEqual(limit);
        listed.push(...merged.entries.map((entry) => entry.name));
        after = merged.entries.at(-1)?.name ?? after;
        if (!merged.more) break;
      }
      expect(listed).toEqual(expected);
    }
  });

  test("an object on two targets is listed once, from its right place", () => {
    const pages = [
      { entries: [{ name: "a", flags: 64 | 1, from: "old" }], more: false },
      { entries: [{ name: "a", flags: 64, from: "owner" }], more: false },
    ];
    expect(mergePages(pages, "", 10)).toEqual({
      entries: [{ name: "a", flags: 64, from: "owner" }],
      more: false,
    });
  });

  test("the directory that a page ended with is not repeated by the next", () => {
    const pages = [{ entries: [{ name: "d/", flags: 256 }, { name: "e" }], more: false }];
    expect(mergePages(pages, "d/", 10).entries.map((entry) => entry.name)).toEqual(["e"]);
  });

  test("a duplicate beyond the limit does not make a page that only looks longer", () => {
    const pages = [
      { entries: [{ name: "a" }], more: false },
      { entries: [{ name: "a" }], more: false },
    ];
    expect(mergePages(pages, "", 1)).toEqual({ entries: [{ name: "a" }], more: false });
  });
});

test("compareUtf8 orders as the bytes do, beyond U+FFFF too", () => {
  expect(Math.sign(compareUtf8("\u{10000}", "\uffff"))).toBe(1);
  expect("\u{10000}" < "\uffff").toBe(true);
  const random = seededRandom(7);
  for (let i = 0; i < 2000; i++) {
    const [a, b] = [randomName(random), randomName(random)];
    expect(Math.sign(compareUtf8(a, b))).toBe(Math.sign(byBytes(a, b)));
  }
});
