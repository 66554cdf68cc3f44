/** The Huffman code of HPACK (RFC 7541, appendix B), for reading only. */

/**
 * Code lengths of the bytes 0 to 255, a letter each, `A` for 5 bits. The code is canonical: shorter codes come first, equally
 * long ones in the order of their symbols, so that its lengths are all there is to know.
 */
const LENGTHS =
  "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJB" +
  "KABABABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVV" +
  "PORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWV";
const SHORTEST = 5;
const LONGEST = 30;

/** Of the codes of one length: the first one, how many there are, and where their symbols begin. */
interface Level {
  readonly first: number;
  readonly count: number;
  readonly at: number;
}

const SYMBOLS: readonly number[] = Array.from({ length: LENGTHS.length }, (_, symbol) => symbol).sort(
  (left, right) => lengthOf(left) - lengthOf(right) || left - right,
);
const LEVELS: readonly Level[] = levels();

function lengthOf(symbol: number): number {
  return LENGTHS.charCodeAt(symbol) - 65 + SHORTEST;
}

function levels(): Level[] {
  const made: Level[] = [];
  let code = 0;
  let at = 0;
  for (let length = SHORTEST; length <= LONGEST; length++) {
    const count = SYMBOLS.filter((symbol) => lengthOf(symbol) === length).length;
    made.push({ first: code, count, at });
    at += count;
    code = (code + count) * 2;
  }
  return made;
}

/** Throws on a code that is none. What is left of the last byte is padding of ones. */
export function decodeHuffman(bytes: Uint8Array): string {
  const out: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      length++;
      const level = LEVELS[length - SHORTEST];
      if (level !== undefined && code - level.first < level.count) {
        out.push(SYMBOLS[level.at + code - level.first] as number);
        code = 0;
        length = 0;
      } else if (length === LONGEST) {
        throw new Error("invalid Huffman code in a header");
      }
    }
  }
  if (length > 7 || code !== 2 ** length - 1)
    throw new Error("invalid padding of a Huffman code in a header");
  return Buffer.from(out).toString("latin1");
}
