import { type Dice, PURPOSES } from "./dice.ts";

export interface Naming {
  /** Virtual directory of everything that is put; empty for none. */
  readonly subdirectory: string;
  /** Spread over that many virtual directories below it; 0 for none. */
  readonly subdirectoryCount: number;
  /** 32 random characters; otherwise a hexadecimal number. Ignored when `loaderCount` is given. */
  readonly random: boolean;
  readonly loaderId: number;
  /** Loaders that work together, each with its own `loaderId`: their numbers do not collide. 0 for one alone. */
  readonly loaderCount: number;
}

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const RANDOM_NAME_CHARS = 32;
const CHARS_PER_WORD = 6;
/** Loaders draw their names apart from each other. */
const LOADER_STRIDE = 64;

/** Name of the object that is put as number `ordinal`, counted from 0: the same for the same seed and naming. */
export function objectName(naming: Naming, dice: Dice, ordinal: number): string {
  const last =
    naming.random && naming.loaderCount === 0
      ? randomName(dice, naming.loaderId, ordinal)
      : numberedName(naming, ordinal);
  return directory(naming, ordinal) + last;
}

function directory({ subdirectory, subdirectoryCount }: Naming, ordinal: number): string {
  const top = subdirectory === "" ? "" : `${subdirectory}/`;
  if (subdirectoryCount === 0) return top;
  // AIStore's loader counts objects from 1 here.
  return `${top}${((ordinal + 1) % subdirectoryCount).toString(16).padStart(5, "0")}/`;
}

function randomName(dice: Dice, loaderId: number, ordinal: number): string {
  let name = "";
  let word = 0;
  for (let index = 0; index < RANDOM_NAME_CHARS; index++) {
    if (index % CHARS_PER_WORD === 0) {
      word = dice.word(
        PURPOSES.name + LOADER_STRIDE * loaderId,
        ordinal * CHARS_PER_WORD + index / CHARS_PER_WORD,
      );
    }
    name += ALPHABET[word & 31];
    word >>>= 5;
  }
  return name;
}

/** The loader's id takes the low bits, in whole hexadecimal digits, so that it can be seen in the name. */
function numberedName({ loaderId, loaderCount }: Naming, ordinal: number): string {
  if (loaderCount === 0) return ordinal.toString(16);
  const bits = Math.ceil(Math.ceil(Math.log2(loaderCount)) / 4) * 4;
  return (BigInt(ordinal) * 2n ** BigInt(bits) + BigInt(loaderId)).toString(16);
}
