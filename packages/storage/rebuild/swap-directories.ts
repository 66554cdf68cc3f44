import { FFIType, ptr } from "bun:ffi";
import { renameSync } from "node:fs";
import { openCLibrary } from "../c-library.ts";

const AT_WORKING_DIRECTORY = -100;
const RENAME_EXCHANGE = 2;

/**
 * Two directories of one file system trade their names in one step (`renameat2`), so that at no moment one of them is
 * missing. Where the system cannot do that the second name is missing for an instant between two renames by way of
 * `spare`; a daemon refuses to start then, and the rebuild can be repeated.
 */
export function swapDirectories(first: string, second: string, spare: string): void {
  if (exchange(first, second)) return;
  renameSync(second, spare);
  renameSync(first, second);
  renameSync(spare, first);
}

function exchange(first: string, second: string): boolean {
  let library: ReturnType<typeof openRename>;
  try {
    library = openRename();
  } catch {
    return false;
  }
  try {
    const [from, to] = [Buffer.from(`${first}\0`), Buffer.from(`${second}\0`)];
    const { renameat2 } = library.symbols;
    return renameat2(AT_WORKING_DIRECTORY, ptr(from), AT_WORKING_DIRECTORY, ptr(to), RENAME_EXCHANGE) === 0;
  } finally {
    library.close();
  }
}

function openRename() {
  const { i32, ptr: pointer, u32 } = FFIType;
  return openCLibrary({ renameat2: { args: [i32, pointer, i32, pointer, u32], returns: i32 } });
}
