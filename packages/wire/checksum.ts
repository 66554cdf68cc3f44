/** Checksum types of the wire (wire-compat 3.3). `xxhash` and `xxhash2` are the same algorithm under two labels. */
export const CHECKSUM_TYPES = ["none", "xxhash", "xxhash2", "md5", "crc32c", "sha256", "sha512"] as const;
export type ChecksumType = (typeof CHECKSUM_TYPES)[number];

export function isChecksumType(text: string): text is ChecksumType {
  return (CHECKSUM_TYPES as readonly string[]).includes(text);
}
