import { describe, expect, test } from "bun:test";
import { seededRandom, testSeed } from "@ais/base/testing/seeded-random.ts";
import { gatherPage, type PagePortion } from "./gather-page.ts";
import { compareUtf8, type MergeEntry, type TargetPage } from "./merge.ts";

/** Targets that hold sorted names, and what each of them was asked. */
class Targets {
  readonly asked = new Map<number, PagePortion[]>();
  readonly names: readonly (readonly string[])[];

  constructor(names: readonly (readonly string[])[]) {
    this.names = names;
  }

  get indexes(): readonly number[] {
    return this.names.map((_, index) => index);
  }

  readonly ask = async (
    targets: readonly number[],
    portion: PagePortion,
  ): Promise<readonly TargetPage<MergeEntry>[]> =>
    targets.map((target) => {
      this.asked.set(target, [...(this.asked.get(target) ?? []), portion]);
      const { after, limit } = portion;
      const rest = (this.names[target] ?? []).filter((name) => after === "" || compareUtf8(name, after) > 0);
      return { entries: rest.slice(0, limit).map((name) => ({ name })), more: rest.length > limit };
    });
}

function numbered(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => String(first + index).padStart(6, "0"));
}

const fromStart = { after: "", isSpread: true } as const;

describe("gatherPage", () => {
  const seed = testSeed(process.env);

  test(`gives the first names over all targets, however they are spread (AIS_TEST_SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 100; round++) {
      const targetCount = random.int(1, 5);
      const spread = Array.from({ length: targetCount }, (): string[] => []);
      const names = numbered(random.int(0, 400));
      // From even to nearly all on one target.
      const skew = random.int(1, targetCount);
      for (const name of names) spread[random.int(1, skew) - 1]?.push(name);
      const targets = new Targets(spread);
      const limit = random.int(1, 150);
      const listed: string[] = [];
      for (let after = ""; ; ) {
        const page = await gatherPage(targets.indexes, { after, limit, isSpread: true }, targets.ask);
        listed.push(...page.entries.map(({ name }) => name));
        // A page is full unless it is the last.
        if (page.more) expect(page.entries.length).toBe(limit);
        else break;
        after = page.entries.at(-1)?.name ?? "";
      }
      expect(listed).toEqual(names);
    }
  });

  test("of evenly spread names every target is asked once, for little more than its share", async () => {
    const names = numbered(30_000);
    const targets = new Targets([0, 1, 2].map((target) => names.filter((_, index) => index % 3 === target)));
    const page = await gatherPage(targets.indexes, { ...fromStart, limit: 9_000 }, targets.ask);
    expect(page.entries.length).toBe(9_000);
    for (const target of targets.indexes) {
      expect(targets.asked.get(target)?.length).toBe(1);
      expect(targets.asked.get(target)?.[0]?.limit).toBeLessThan(3_500);
    }
  });

  test("only the target that has more than its share is asked again, from where it ended", async () => {
    const targets = new Targets([numbered(10_000), numbered(10_000, 500_000), []]);
    const page = await gatherPage(targets.indexes, { ...fromStart, limit: 3_000 }, targets.ask);
    expect(page.entries.map(({ name }) => name)).toEqual(numbered(3_000));
    expect(page.more).toBe(true);
    const [first, second] = targets.asked.get(0) ?? [];
    expect(second).toEqual({
      after: numbered(first?.limit ?? 0).at(-1) ?? "",
      limit: (first?.limit ?? 0) * 2,
    });
    expect(targets.asked.get(1)?.length).toBe(1);
    expect(targets.asked.get(2)?.length).toBe(1);
  });

  test("names that all targets hold are asked for as a whole page", async () => {
    const targets = new Targets([numbered(50), numbered(50)]);
    const page = await gatherPage(targets.indexes, { after: "", limit: 40, isSpread: false }, targets.ask);
    expect(page.entries.map(({ name }) => name)).toEqual(numbered(40));
    expect(targets.asked.get(0)).toEqual([{ after: "", limit: 40 }]);
  });

  test("a target that has more and gives nothing fails the page", async () => {
    const ask = async (targets: readonly number[]) => targets.map(() => ({ entries: [], more: true }));
    await expect(gatherPage([0], { ...fromStart, limit: 10 }, ask)).rejects.toThrow("gave none");
  });
});
