import { must } from "@ais/base/assert.ts";
import type { ContentHasher, ContentHashing, HashedType } from "@ais/storage/checksum.ts";

/** Computes the checksum of a body while it arrives. A body that came in one piece is hashed at once, which is cheaper. */
export class BodyVerifier {
  readonly #hashing: ContentHashing;
  readonly #type: HashedType;
  /** What came before the hasher was there. */
  readonly #early: Uint8Array[] = [];
  #opening: Promise<void> | null = null;
  #hasher: ContentHasher | null = null;

  constructor(hashing: ContentHashing, type: HashedType) {
    this.#hashing = hashing;
    this.#type = type;
  }

  /** Keeps the bytes of the first pieces until they are hashed: the caller must not write to them. */
  update(bytes: Uint8Array): void {
    if (this.#hasher !== null) {
      this.#hasher.update(bytes);
      return;
    }
    this.#early.push(bytes);
    if (this.#early.length > 1) this.#opening ??= this.#open();
  }

  /** Lower-case hexadecimal. Once, after the last piece. */
  async digest(): Promise<string> {
    if (this.#opening === null) return this.#hashing.digest(this.#type, this.#early[0] ?? new Uint8Array(0));
    await this.#opening;
    return must(this.#hasher, "the hasher was not opened").digest();
  }

  async #open(): Promise<void> {
    const hasher = await this.#hashing.create(this.#type);
    for (const bytes of this.#early.splice(0)) hasher.update(bytes);
    this.#hasher = hasher;
  }
}
