import { expect, test } from "bun:test";
import { type HashedType, loadContentHashing } from "./checksum.ts";
import { bodyOf, piecesOf } from "./testing/store-fixture.ts";

const OF_123456789: Record<HashedType, string> = {
  xxhash: "8cb841db40e6ae83",
  xxhash2: "8cb841db40e6ae83",
  md5: "25f9e794323b453885f5181f1b624d0b",
  crc32c: "e3069283",
  sha256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
  sha512:
    "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85",
};

test.each(Object.entries(OF_123456789) as [HashedType, string][])(
  "%s has its known value",
  async (type, value) => {
    const hashing = await loadContentHashing();
    expect(await hashing.digest(type, Buffer.from("123456789"))).toBe(value);
  },
);

test.each(Object.keys(OF_123456789) as HashedType[])("%s of pieces is that of the whole", async (type) => {
  const hashing = await loadContentHashing();
  const body = bodyOf(700_001);
  const hasher = await hashing.create(type);
  for (const piece of piecesOf(body, 65_537)) hasher.update(piece);
  expect(hasher.digest()).toBe(await hashing.digest(type, body));
});

test("hashers of two bodies do not mix", async () => {
  const hashing = await loadContentHashing();
  for (const type of ["xxhash2", "crc32c"] as const) {
    const [a, b] = [await hashing.create(type), await hashing.create(type)];
    for (let i = 0; i < 5; i++) {
      a.update(Buffer.from(`a${i}`));
      b.update(Buffer.from(`b${i}`));
    }
    expect(a.digest()).toBe(await hashing.digest(type, Buffer.from("a0a1a2a3a4")));
    expect(b.digest()).toBe(await hashing.digest(type, Buffer.from("b0b1b2b3b4")));
  }
});
