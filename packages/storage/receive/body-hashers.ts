import type { ChecksumType } from "@ais/wire/checksum.ts";
import type { ContentHasher, ContentHashing, HashedType } from "../checksum.ts";
import type { Checksum } from "../types.ts";

/** The checksums that one body needs: the bucket's, and the client's when that is another. */
export class BodyHashers {
  readonly hashers: readonly ContentHasher[];
  readonly #byAlgorithm: ReadonlyMap<HashedType, ContentHasher>;
  readonly #digests = new Map<HashedType, string>();

  private constructor(byAlgorithm: ReadonlyMap<HashedType, ContentHasher>) {
    this.#byAlgorithm = byAlgorithm;
    this.hashers = [...byAlgorithm.values()];
  }

  static async create(hashing: ContentHashing, types: readonly ChecksumType[]): Promise<BodyHashers> {
    const byAlgorithm = new Map<HashedType, ContentHasher>();
    for (const type of types) {
      if (type === "none" || byAlgorithm.has(algorithmOf(type))) continue;
      byAlgorithm.set(algorithmOf(type), await hashing.create(type));
    }
    return new BodyHashers(byAlgorithm);
  }

  update(bytes: Uint8Array): void {
    for (const hasher of this.hashers) hasher.update(bytes);
  }

  /** After the last `update`. Null for `none`. */
  checksum(type: ChecksumType): Checksum | null {
    if (type === "none") return null;
    const algorithm = algorithmOf(type);
    let value = this.#digests.get(algorithm);
    if (value === undefined) {
      value = this.#byAlgorithm.get(algorithm)?.digest();
      if (value === undefined) throw new Error(`no ${type} checksum was computed`);
      this.#digests.set(algorithm, value);
    }
    return { type, value };
  }
}

/** One algorithm under two labels (wire-compat 3.3). */
function algorithmOf(type: HashedType): HashedType {
  return type === "xxhash" ? "xxhash2" : type;
}
