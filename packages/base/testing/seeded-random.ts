/** Repeatable randomness for tests and simulations: the same seed gives the same numbers everywhere. */
export interface SeededRandom {
  readonly seed: number;
  /** From 0 up to but not including 1. */
  next(): number;
  /** An integer from `min` to `max`, both inclusive. */
  int(min: number, max: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** Marsaglia-style mixing of a 32-bit counter (mulberry32). */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return { seed, next, int, pick: (items) => items[int(0, items.length - 1)] ?? items[0] };
}

/** A seed from `AIS_TEST_SEED`, to replay a failure, or else a new one. Put it into the name of the test. */
export function testSeed(env: Readonly<Record<string, string | undefined>>): number {
  const given = env.AIS_TEST_SEED;
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given) >>> 0;
}
