import { describe, expect, test } from "bun:test";
import { ratioSampler } from "./sampler.ts";

/** The rule of OpenTelemetry's Go and Java SDKs, in plain 64-bit arithmetic. */
function reference(probability: number, word2: number, word3: number): boolean {
  const low = (BigInt(word2) << 32n) | BigInt(word3);
  return low >> 1n < BigInt(Math.floor(probability * 2 ** 63));
}

describe("ratioSampler", () => {
  test("keeps all at 1 and none at 0", () => {
    expect(ratioSampler(1)(0xffff_ffff, 0xffff_ffff)).toBe(true);
    expect(ratioSampler(0)(0, 0)).toBe(false);
    expect(ratioSampler(Number.NaN)(0, 0)).toBe(false);
  });

  test("decides as 64-bit arithmetic does, also next to the bound", () => {
    for (const probability of [0.5, 0.25, 0.1, 0.01, 1 / 3, 1e-9, 0.999999999]) {
      const sampler = ratioSampler(probability);
      const bound = BigInt(Math.floor(probability * 2 ** 63)) << 1n;
      for (const offset of [-4n, -2n, -1n, 0n, 1n, 2n, 4n]) {
        const low = BigInt.asUintN(64, bound + offset);
        const words = [Number(low >> 32n), Number(low & 0xffff_ffffn)] as const;
        expect(sampler(...words)).toBe(reference(probability, ...words));
      }
    }
  });

  test("a trace kept at a lower probability is kept at a higher one", () => {
    const words = crypto.getRandomValues(new Uint32Array(20_000));
    const [low, high] = [ratioSampler(0.1), ratioSampler(0.3)];
    let kept = 0;
    for (let i = 0; i < words.length; i += 2) {
      const pair = [words[i] ?? 0, words[i + 1] ?? 0] as const;
      if (!low(...pair)) continue;
      kept++;
      expect(high(...pair)).toBe(true);
    }
    expect(kept).toBeGreaterThan(800);
    expect(kept).toBeLessThan(1200);
  });
});
