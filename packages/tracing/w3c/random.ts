/** 32 random bits, for trace and span ids. */
export type RandomWord = () => number;

const POOL_WORDS = 2048;

/** The platform's generator, taken in blocks: a call a span would cost more than the rest of the span. */
export function pooledRandomWords(): RandomWord {
  const pool = new Uint32Array(POOL_WORDS);
  let next = POOL_WORDS;
  return () => {
    if (next === POOL_WORDS) {
      crypto.getRandomValues(pool);
      next = 0;
    }
    return pool[next++] as number;
  };
}
