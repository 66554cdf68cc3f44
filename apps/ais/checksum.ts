/** Checksums computed on this side of the wire, in the spelling of wire-compat 3.3. */
import { type ContentHasher, loadContentHashing } from "@ais/storage/checksum.ts";
import { type ChecksumType, isChecksumType } from "@ais/wire/checksum.ts";
import { fileStream } from "./file-stream.ts";

/** Null for `none` and for types that this program does not know. */
export async function makeHasher(type: string): Promise<ContentHasher | null> {
  if (!isChecksumType(type) || type === "none") return null;
  return (await loadContentHashing()).create(type);
}

/** Null as for `makeHasher`. */
export async function fileChecksum(
  path: string,
  type: string,
): Promise<{ readonly type: ChecksumType; readonly value: string } | null> {
  const hasher = await makeHasher(type);
  if (hasher === null || !isChecksumType(type)) return null;
  for await (const chunk of fileStream(path, () => {})) hasher.update(chunk);
  return { type, value: hasher.digest() };
}
