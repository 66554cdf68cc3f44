/**
 * Randomness by position instead of by order: what the n-th request is depends on the seed and on n alone, however many
 * workers there are and whichever of them is faster.
 */

/** What a number is drawn for; drawings for different purposes are independent. */
export const PURPOSES = {
  operation: 1,
  update: 2,
  size: 3,
  name: 4,
  pick: 5,
  content: 6,
  shuffle: 7,
  slab: 8,
  proxy: 9,
  trace: 10,
  block: 11,
} as const;

const WORD = 2 ** 32;

export class Dice {
  readonly #seedWord: number;

  /** A safe integer that is not negative. */
  constructor(seed: number) {
    this.#seedWord = finalize((seed >>> 0) ^ Math.imul(Math.floor(seed / WORD), 0x9e3779b1));
  }

  /** 32 bits, well mixed. Purposes beyond those of the list are free for variants of one. */
  word(purpose: number, position: number): number {
    const mixed = finalize((this.#seedWord + Math.imul(purpose, 0x85ebca77)) >>> 0);
    const high = finalize((mixed ^ Math.imul(Math.floor(position / WORD), 0xc2b2ae3d)) >>> 0);
    return finalize((high + Math.imul(position >>> 0, 0x9e3779b1)) >>> 0);
  }

  /** From 0 up to but not including 1, in 2^53 steps. */
  unit(purpose: number, position: number): number {
    const high = this.word(purpose, position) >>> 5;
    const low = this.word(purpose + LOW_HALF, position) >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A whole number from 0 up to but not including `limit`, which is at most 2^53. */
  below(limit: number, purpose: number, position: number): number {
    return Math.floor(this.unit(purpose, position) * limit);
  }
}

/** Keeps the second word of a drawing apart from the first of every other. */
const LOW_HALF = 0x40000000;

/** The last step of MurmurHash3: every bit of the input turns over half of the bits of the output. */
function finalize(word: number): number {
  let mixed = word;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
