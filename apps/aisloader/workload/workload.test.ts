import { describe, expect, test } from "bun:test";
import { seededRandom, testSeed } from "@ais/base/testing/seeded-random.ts";
import { loadContentHashing } from "@ais/storage/checksum.ts";
import { type LoadOptions, loadOptions } from "../load-options.ts";
import type { EndedBy } from "../summary.ts";
import { Catalog, epochPicker, randomPicker } from "./catalog.ts";
import { Dice, PURPOSES } from "./dice.ts";
import { ContentSource, type ObjectContent } from "./object-content.ts";
import { objectName } from "./object-names.ts";
import { objectSizeBytes } from "./object-sizes.ts";
import { WorkSource } from "./work-source.ts";

const MIB = 1024 ** 2;

describe("dice", () => {
  test("drawings are even and differ by seed, purpose and position", () => {
    const dice = new Dice(1);
    const counts = new Array<number>(10).fill(0);
    for (let position = 0; position < 100_000; position++) {
      const drawn = dice.below(10, PURPOSES.pick, position);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    const words = [1, 2, 2 ** 32 + 1, 2 ** 40].flatMap((seed) =>
      [1, 2, 3].flatMap((purpose) => [0, 1, 2 ** 32, 2 ** 50].map((at) => new Dice(seed).word(purpose, at))),
    );
    expect(new Set(words).size).toBe(words.length);
  });
});

describe("sizes", () => {
  const draw = (distribution: "uniform" | "log-uniform", minBytes: number, maxBytes: number): number[] =>
    Array.from({ length: 20_000 }, (_, at) =>
      objectSizeBytes({ minBytes, maxBytes, distribution }, new Dice(3), at),
    );
  const shareBelow = (sizes: number[], limit: number): number =>
    sizes.filter((size) => size < limit).length / sizes.length;

  test("uniform ones lie evenly between both ends", () => {
    const sizes = draw("uniform", 10, 19);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([10, 19]);
    expect(shareBelow(sizes, 15)).toBeCloseTo(0.5, 1);
  });

  test("log-uniform ones have as many in every power of two", () => {
    const sizes = draw("log-uniform", 1024, MIB);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1024);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MIB);
    expect(shareBelow(sizes, 32 * 1024)).toBeCloseTo(0.5, 1);
    expect(new Set(draw("log-uniform", 0, 2))).toEqual(new Set([0, 1, 2]));
  });
});

describe("names", () => {
  const naming = { subdirectory: "", subdirectoryCount: 0, random: true, loaderId: 0, loaderCount: 0 };
  const dice = new Dice(5);

  test("random ones are different, for every loader too", () => {
    const names = [0, 1, 2].flatMap((loaderId) =>
      Array.from({ length: 2000 }, (_, ordinal) => objectName({ ...naming, loaderId }, dice, ordinal)),
    );
    expect(new Set(names).size).toBe(6000);
    expect(names.every((name) => /^[a-z2-7]{32}$/.test(name))).toBe(true);
  });

  test("numbered ones count in hexadecimal, loaders apart from each other", () => {
    expect(objectName({ ...naming, random: false }, dice, 300)).toBe("12c");
    // AIStore's loader: 20 loaders take 8 bits, the number goes before the loader's id.
    expect(objectName({ ...naming, loaderId: 11, loaderCount: 20 }, dice, 0)).toBe("b");
    expect(objectName({ ...naming, loaderId: 11, loaderCount: 20 }, dice, 2 ** 31)).toBe("800000000b");
  });

  test("they are spread over virtual directories", () => {
    const spread = { ...naming, random: false, subdirectory: "a/b", subdirectoryCount: 16 };
    expect([0, 14, 15].map((ordinal) => objectName(spread, dice, ordinal))).toEqual([
      "a/b/00001/0",
      "a/b/0000f/e",
      "a/b/00000/f",
    ]);
  });
});

describe("content", () => {
  const source = new ContentSource(new Dice(9));
  const seed = testSeed(process.env);

  test("it follows from seed, name and generation", () => {
    const bytes = wholeContent(source.content("a", 0, 1000));
    expect(wholeContent(new ContentSource(new Dice(9)).content("a", 0, 1000))).toEqual(bytes);
    for (const other of [source.content("b", 0, 1000), source.content("a", 1, 1000)]) {
      expect(wholeContent(other)).not.toEqual(bytes);
    }
    expect(wholeContent(new ContentSource(new Dice(10)).content("a", 0, 1000))).not.toEqual(bytes);
  });

  test(`it is the same wherever reading begins (AIS_TEST_SEED=${seed})`, () => {
    const random = seededRandom(seed);
    const content = source.content("large", 0, 9 * MIB + 5);
    const whole = wholeContent(content);
    for (let round = 0; round < 100; round++) {
      const offset = random.int(0, content.lengthBytes - 1);
      const piece = content.pieceAt(offset);
      expect(piece.length).toBeGreaterThan(0);
      expect(Buffer.compare(piece, whole.subarray(offset, offset + piece.length))).toBe(0);
    }
  });

  test("it looks random: no byte is much more frequent than others, blocks differ", () => {
    const whole = wholeContent(source.content("x", 0, 8 * MIB));
    const counts = new Uint32Array(256);
    for (const byte of whole.subarray(0, MIB)) counts[byte] = (counts[byte] ?? 0) + 1;
    expect(Math.max(...counts)).toBeLessThan(4096 * 1.1);
    expect(Math.min(...counts)).toBeGreaterThan(4096 * 0.9);
    expect(Buffer.compare(whole.subarray(0, 4 * MIB), whole.subarray(4 * MIB))).not.toBe(0);
  });

  test.each([0, 1, 4 * MIB, 4 * MIB + 1])(
    "the checksum of %p bytes is that of the bytes",
    async (lengthBytes) => {
      const hashing = await loadContentHashing();
      const content = source.content("c", 0, lengthBytes);
      const bytes = wholeContent(content);
      const xxhash = BigInt(Bun.hash.xxHash64(bytes)).toString(16).padStart(16, "0");
      expect(await content.checksum(hashing, "xxhash")).toBe(xxhash);
      expect(await content.checksum(hashing, "md5")).toBe(
        new Bun.CryptoHasher("md5").update(bytes).digest("hex"),
      );
    },
  );
});

describe("what is read", () => {
  const dice = new Dice(2);
  const nameOf = (ordinal: number): string => `put-${ordinal}`;

  test("found and put objects are picked alike", () => {
    const catalog = new Catalog(["found-a", "found-b"], nameOf);
    for (let ordinal = 0; ordinal < 3000; ordinal += 1500) catalog.add(ordinal);
    const picker = randomPicker(catalog, dice);
    const picked = new Set(Array.from({ length: 200 }, (_, position) => picker.pick(position)));
    expect(picked).toEqual(new Set(["found-a", "found-b", "put-0", "put-1500"]));
    expect(randomPicker(new Catalog([], nameOf), dice).pick(0)).toBeNull();
  });

  test("the catalog grows and keeps what it has", () => {
    const catalog = new Catalog([], nameOf);
    for (let ordinal = 0; ordinal < 5000; ordinal++) catalog.add(ordinal);
    expect([catalog.size, catalog.at(0), catalog.at(4999)]).toEqual([5000, "put-0", "put-4999"]);
  });

  test("an epoch has every name once, in an order of its own", () => {
    const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
    const picker = epochPicker(new Catalog(names, nameOf), dice, 2);
    const epochs = [0, 1].map(() => names.map((_, position) => picker.pick(position)));
    for (const epoch of epochs) expect(new Set(epoch)).toEqual(new Set(names));
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(picker.pick(0)).toBeNull();
  });
});

describe("the order of operations", () => {
  const source = (
    putPercent: number,
    found: readonly string[],
    limits: Partial<LoadOptions> = {},
  ): WorkSource => {
    const options = loadOptions({ putPercent, ...limits });
    const catalog = new Catalog(found, String);
    const dice = new Dice(4);
    return new WorkSource(options, dice, catalog, randomPicker(catalog, dice), Number.POSITIVE_INFINITY);
  };

  test("it has the wanted shares and repeats itself", () => {
    const kinds = (): (string | undefined)[] => {
      const work = source(30, ["a"], { updatePercent: 20 });
      return Array.from({ length: 10_000 }, () => {
        const next = work.next();
        return next?.kind === "get" && next.thenUpdate ? "update" : next?.kind;
      });
    };
    const first = kinds();
    expect(kinds()).toEqual(first);
    const share = (kind: string): number => first.filter((other) => other === kind).length / first.length;
    expect(share("put")).toBeCloseTo(0.3, 1);
    expect(share("update")).toBeCloseTo(0.14, 1);
  });

  test("nothing to read yet means PUT first", () => {
    expect(Array.from({ length: 5 }, () => source(1, []).next()?.kind)).toEqual(Array(5).fill("put"));
  });

  test.each<[EndedBy, Partial<LoadOptions>, number]>([
    ["max-puts", { maxPuts: 5 }, 5],
    ["total-put-size", { totalPutBytes: 10 * 4096 - 1 }, 10],
  ])("it ends by %s", (endedBy, limits, count) => {
    const work = source(100, [], limits);
    let issued = 0;
    while (work.next() !== null) issued++;
    expect([issued, work.endedBy]).toEqual([count, endedBy]);
  });

  test("it ends with its time", () => {
    const catalog = new Catalog(["a"], String);
    const work = new WorkSource(loadOptions({}), new Dice(1), catalog, randomPicker(catalog, new Dice(1)), 0);
    expect([work.next(), work.endedBy]).toEqual([null, "duration"]);
  });
});

function wholeContent(content: ObjectContent): Uint8Array {
  const whole = new Uint8Array(content.lengthBytes);
  for (let offset = 0; offset < content.lengthBytes; ) {
    const piece = content.pieceAt(offset);
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
