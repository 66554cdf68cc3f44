/** All log files of a node as one `tar.gz` (`what=log&all=true`). */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const BLOCK_BYTES = 512;

export async function archiveLogs(paths: readonly string[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const path of paths) {
    const content = await readFile(path);
    const { mtimeMs } = await stat(path);
    parts.push(tarHeader(basename(path), content.length, mtimeMs), content, padding(content.length));
  }
  parts.push(new Uint8Array(2 * BLOCK_BYTES));
  return promisify(gzip)(Buffer.concat(parts));
}

/** A ustar header (POSIX.1-1988) of a plain file. */
function tarHeader(name: string, sizeBytes: number, mtimeMs: number): Uint8Array {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  header.write(name, 0, 100);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(sizeBytes, 11), 124);
  header.write(octal(Math.floor(mtimeMs / 1000), 11), 136);
  // The checksum is taken with its own field as spaces.
  header.fill(" ", 148, 156);
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

function padding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}
