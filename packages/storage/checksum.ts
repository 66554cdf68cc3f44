/** Checksums of object content (wire-compat 3.3), whole or as it streams by. */
import { createHash, type Hash } from "node:crypto";
import type { ChecksumType } from "@ais/wire/checksum.ts";
import { createCRC32 } from "hash-wasm";
import xxhash, { type XXHashAPI } from "xxhash-wasm";
import type { Checksum } from "./types.ts";

export interface ContentHasher {
  update(bytes: Uint8Array): void;
  /** Lower-case hexadecimal. Once. */
  digest(): string;
}

export type HashedType = Exclude<ChecksumType, "none">;

/** Polynomial of CRC-32C, bits reversed. */
const CASTAGNOLI = 0x82f63b78;

/** WebAssembly memory never shrinks, so what is copied into it at a time is bounded. */
const WASM_SLICE_BYTES = 256 * 1024;

/** The compiled hash functions. One per store. */
export class ContentHashing {
  readonly #xxhash: XXHashAPI;

  constructor(api: XXHashAPI) {
    this.#xxhash = api;
  }

  async create(type: HashedType): Promise<ContentHasher> {
    switch (type) {
      case "xxhash":
      case "xxhash2":
        return new XxHasher(this.#xxhash.create64());
      case "crc32c":
        return sliced(await createCRC32(CASTAGNOLI));
      case "md5":
      case "sha256":
      case "sha512":
        return new CryptoHasher(createHash(type));
    }
  }

  /** Of a body that is in memory. */
  async digest(type: HashedType, bytes: Uint8Array): Promise<string> {
    if ((type === "xxhash" || type === "xxhash2") && bytes.byteLength <= WASM_SLICE_BYTES) {
      return formatXxh64(this.#xxhash.h64Raw(bytes));
    }
    const hasher = await this.create(type);
    hasher.update(bytes);
    return hasher.digest();
  }

  /** Null for `none`; undefined when this type, or so many bytes, cannot be done at once. */
  checksumNow(type: ChecksumType, bytes: Uint8Array): Checksum | null | undefined {
    switch (type) {
      case "none":
        return null;
      case "xxhash":
      case "xxhash2":
        if (bytes.byteLength > WASM_SLICE_BYTES) return undefined;
        return { type, value: formatXxh64(this.#xxhash.h64Raw(bytes)) };
      case "md5":
      case "sha256":
      case "sha512":
        return { type, value: createHash(type).update(bytes).digest("hex") };
      case "crc32c":
        return undefined;
    }
  }

  xxh64(bytes: Uint8Array): bigint {
    return this.#xxhash.h64Raw(bytes);
  }
}

export async function loadContentHashing(): Promise<ContentHashing> {
  return new ContentHashing(await xxhash());
}

class XxHasher implements ContentHasher {
  readonly #state: ReturnType<XXHashAPI["create64"]>;

  constructor(state: ReturnType<XXHashAPI["create64"]>) {
    this.#state = state;
  }

  update(bytes: Uint8Array): void {
    forEachSlice(bytes, (slice) => this.#state.update(slice));
  }

  digest(): string {
    return formatXxh64(this.#state.digest());
  }
}

class CryptoHasher implements ContentHasher {
  readonly #hash: Hash;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

function sliced(hasher: Awaited<ReturnType<typeof createCRC32>>): ContentHasher {
  return {
    update: (bytes) => forEachSlice(bytes, (slice) => hasher.update(slice)),
    digest: () => hasher.digest("hex"),
  };
}

function forEachSlice(bytes: Uint8Array, use: (slice: Uint8Array) => void): void {
  for (let start = 0; start < bytes.byteLength; start += WASM_SLICE_BYTES) {
    use(bytes.subarray(start, start + WASM_SLICE_BYTES));
  }
}

function formatXxh64(digest: bigint): string {
  return digest.toString(16).padStart(16, "0");
}
