/** Checksums computed on this side of the wire, in the spelling of wire-compat 3.3. */
import { createHash } from "node:crypto";
import { type ChecksumType, isChecksumType } from "@ais/wire/checksum.ts";
import { fileStream } from "./file-stream.ts";

export interface Hasher {
  update(bytes: Uint8Array): void;
  /** Lower-case hex. */
  digest(): string;
}

/** Null for `none` and for types that this program does not know. */
export async function makeHasher(type: string): Promise<Hasher | null> {
  if (!isChecksumType(type)) return null;
  switch (type) {
    case "none":
      return null;
    case "xxhash":
    case "xxhash2": {
      const { default: xxhash } = await import("xxhash-wasm");
      const hash = (await xxhash()).create64(0n);
      return {
        update: (bytes) => void hash.update(bytes),
        digest: () => hash.digest().toString(16).padStart(16, "0"),
      };
    }
    case "crc32c":
      return crc32cHasher();
    case "md5":
    case "sha256":
    case "sha512": {
      const hash = createHash(type);
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
    }
  }
}

/** Null when the type is `none`. */
export async function fileChecksum(
  path: string,
  type: string,
): Promise<{ readonly type: ChecksumType; readonly value: string } | null> {
  const hasher = await makeHasher(type);
  if (hasher === null || !isChecksumType(type)) return null;
  for await (const chunk of fileStream(path, () => {})) hasher.update(chunk);
  return { type, value: hasher.digest() };
}

const CRC32C_REVERSED_POLYNOMIAL = 0x82f63b78;

function crc32cHasher(): Hasher {
  const table = new Uint32Array(256).map((_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? CRC32C_REVERSED_POLYNOMIAL : 0);
    return value >>> 0;
  });
  let state = 0xffffffff;
  return {
    update(bytes) {
      for (const byte of bytes) state = (state >>> 8) ^ (table[(state ^ byte) & 0xff] ?? 0);
    },
    digest: () => ((state ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0"),
  };
}
