/** Empties a mountpath of a node that was decommissioned: of what this program makes in one, and nothing else. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  ASIDE_PREFIX,
  INDEX_DIRECTORY,
  LOCK_FILE,
  MARKER_FILE,
  OBJECTS_DIRECTORY,
  REBUILD_DIRECTORY,
} from "./on-disk-format.ts";
import { UPLOADS_DIRECTORY } from "./uploads/upload-files.ts";

/**
 * The directory itself stays, as do files of others in it. The marker goes last: until then the mountpath belongs to the
 * node, and what is left of it is not taken for a new one's. The store must be closed. Throws what the file system throws.
 */
export function removeMountpathData(path: string): void {
  const names = readdirSync(path);
  const aside = names.filter((name) => name.startsWith(ASIDE_PREFIX));
  for (const name of [OBJECTS_DIRECTORY, UPLOADS_DIRECTORY, REBUILD_DIRECTORY, ...aside, INDEX_DIRECTORY])
    rmSync(join(path, name), { recursive: true, force: true });
  for (const name of [LOCK_FILE, MARKER_FILE]) rmSync(join(path, name), { force: true });
}
