/** Whose data the mountpaths hold: asked before the node joins a cluster, so that it never joins a wrong one. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AisError } from "@ais/base/errors.ts";
import { MARKER_FILE } from "@ais/storage/on-disk-format.ts";

/**
 * UUID of the cluster that the mountpaths belong to; null when all are new. Throws `conflict` when they belong to
 * different ones. A damaged marker counts as none here: opening the mountpath says what is wrong with it.
 */
export async function ownedClusterUuid(mountpaths: readonly string[]): Promise<string | null> {
  let owned: { readonly path: string; readonly uuid: string } | null = null;
  for (const path of mountpaths) {
    const uuid = await markedUuid(join(path, MARKER_FILE));
    if (uuid === null) continue;
    if (owned !== null && owned.uuid !== uuid) {
      throw new AisError(
        "conflict",
        `mountpath "${owned.path}" holds data of cluster "${owned.uuid}", "${path}" of cluster "${uuid}"`,
      );
    }
    owned = { path, uuid };
  }
  return owned?.uuid ?? null;
}

async function markedUuid(markerPath: string): Promise<string | null> {
  try {
    const { clusterUuid } = JSON.parse(await readFile(markerPath, "utf8")) as {
      readonly clusterUuid?: unknown;
    };
    return typeof clusterUuid === "string" ? clusterUuid : null;
  } catch {
    return null;
  }
}
