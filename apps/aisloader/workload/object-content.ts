import type { ContentHashing, HashedType } from "@ais/storage/checksum.ts";
import type { RequestBody } from "../http/connection.ts";
import { type Dice, PURPOSES } from "./dice.ts";

/** An object is a sequence of blocks of this size, each from its own place of the slab. */
const BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * Content that follows from seed, name and generation, without being generated: every object consists of pieces of one
 * slab of random bytes. The slab stands in memory twice in a row, so that no piece is split.
 */
export class ContentSource {
  readonly #dice: Dice;
  readonly #slab: Uint8Array;

  constructor(dice: Dice) {
    this.#dice = dice;
    const words = new Uint32Array((2 * BLOCK_BYTES) / 4);
    const half = words.length / 2;
    for (let index = 0; index < half; index++) words[index] = dice.word(PURPOSES.slab, index);
    words.copyWithin(half, 0, half);
    this.#slab = new Uint8Array(words.buffer);
  }

  /** A later version of an object has another `generation`, and other bytes. */
  content(objectName: string, generation: number, lengthBytes: number): ObjectContent {
    const key = this.#dice.word(PURPOSES.content, Bun.hash.xxHash32(objectName) + generation * 2 ** 32);
    return new ObjectContent(this.#slab, this.#dice, key, lengthBytes);
  }
}

export class ObjectContent implements RequestBody {
  readonly lengthBytes: number;
  readonly #slab: Uint8Array;
  readonly #dice: Dice;
  readonly #key: number;

  constructor(slab: Uint8Array, dice: Dice, key: number, lengthBytes: number) {
    this.#slab = slab;
    this.#dice = dice;
    this.#key = key;
    this.lengthBytes = lengthBytes;
  }

  /** Up to the end of a block. */
  pieceAt(offsetBytes: number): Uint8Array {
    const block = Math.floor(offsetBytes / BLOCK_BYTES);
    const blockEnd = Math.min(this.lengthBytes, (block + 1) * BLOCK_BYTES);
    const slabOffset = this.#dice.word(PURPOSES.block, this.#key + block * 2 ** 32) % BLOCK_BYTES;
    const start = slabOffset + (offsetBytes - block * BLOCK_BYTES);
    return this.#slab.subarray(start, start + (blockEnd - offsetBytes));
  }

  /** Lower-case hexadecimal. */
  async checksum(hashing: ContentHashing, type: HashedType): Promise<string> {
    if (this.lengthBytes <= BLOCK_BYTES) {
      return hashing.digest(type, this.lengthBytes === 0 ? new Uint8Array(0) : this.pieceAt(0));
    }
    const hasher = await hashing.create(type);
    for (let offset = 0; offset < this.lengthBytes; ) {
      const piece = this.pieceAt(offset);
      hasher.update(piece);
      offset += piece.byteLength;
    }
    return hasher.digest();
  }
}
