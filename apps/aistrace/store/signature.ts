/**
 * A span's tags as 124 bits, two for each tag: a span that lacks a bit of a tag cannot have the tag. The bits stand in the
 * search indexes, so a search by tag reads only the few spans that may match. (An inverted index would be exact, but
 * costs ten random writes a span.)
 */
export type Signature = readonly [number, number, number, number];

const WORD_BITS = 31;
const SIGNATURE_BITS = 4 * WORD_BITS;

export class SignatureBuilder {
  readonly #words: [number, number, number, number] = [0, 0, 0, 0];

  add(key: string, value: string): void {
    const hash = hashPair(key, value);
    this.#setBit(hash % SIGNATURE_BITS);
    this.#setBit((Math.imul(hash, 0x9e3779b1) >>> 3) % SIGNATURE_BITS);
  }

  words(): Signature {
    return [...this.#words];
  }

  #setBit(bit: number): void {
    const word = Math.floor(bit / WORD_BITS) as 0 | 1 | 2 | 3;
    this.#words[word] |= 1 << (bit % WORD_BITS);
  }
}

/** FNV-1a over the UTF-16 units of both texts, with a separator that keeps ("a", "bc") and ("ab", "c") apart. */
function hashPair(key: string, value: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ 0xffff, 0x01000193);
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
