/** One directory (usually one disk) that holds objects: its marker, its lock, its layout (on-disk-format.ts). */
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import {
  durableWriteBytes,
  type FileFaults,
  NO_FILE_FAULTS,
  syncDirectory,
} from "@ais/base/durable-write.ts";
import { AisError, isAisError } from "@ais/base/errors.ts";
import { objectSubdirectory } from "./files/object-path.ts";
import { lockFile } from "./flock.ts";
import {
  INDEX_DIRECTORY,
  LOCK_FILE,
  MARKER_FILE,
  MOUNTPATH_FORMAT_VERSION,
  OBJECT_SUBDIRECTORY_COUNT,
  OBJECTS_DIRECTORY,
} from "./on-disk-format.ts";
import { errnoCode } from "./storage-error.ts";

export interface MountpathOwner {
  readonly clusterUuid: string;
  readonly nodeId: string;
}

export interface ClaimedMountpath {
  readonly path: string;
  /** Stays the same when the directory is mounted elsewhere; placement hashes it. */
  readonly id: string;
  /** The index was made at an earlier opening. */
  readonly hadIndex: boolean;
  readonly lock: Disposable;
}

export interface Marker {
  readonly formatVersion: number;
  readonly clusterUuid: string;
  readonly nodeId: string;
  readonly mountpathId: string;
  /** Absent in markers of the first releases, as is the next. */
  readonly hasIndex?: boolean;
  /** Paths of all mountpaths that the node had in service with this one, at its last start. */
  readonly mountpaths?: readonly string[];
}

/**
 * Locks the directory, makes the layout on first use, and checks that it belongs to `owner`. Errors: `conflict` when it
 * is another cluster's or node's or in use, `unsupported` when a newer program wrote it, `forbidden` when it
 * cannot be written, `internal` when it is damaged.
 */
export async function claimMountpath(
  path: string,
  owner: MountpathOwner,
  faults: FileFaults,
): Promise<ClaimedMountpath> {
  const absolutePath = resolve(path);
  try {
    mkdirSync(absolutePath, { recursive: true });
    accessSync(absolutePath, constants.R_OK | constants.W_OK | constants.X_OK);
    const lock = lockFile(join(absolutePath, LOCK_FILE));
    try {
      const known = readMarker(absolutePath);
      if (known !== null) checkOwner(absolutePath, known, owner);
      await makeDirectories(absolutePath, faults);
      const marker =
        known === null
          ? await initialize(absolutePath, owner, faults)
          : await upgrade(absolutePath, known, faults);
      return { path: absolutePath, id: marker.mountpathId, hadIndex: marker.hasIndex === true, lock };
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    if (isAisError(error)) throw error;
    const code = errnoCode(error);
    throw new AisError(
      code === "EACCES" || code === "EROFS" || code === "EPERM" ? "forbidden" : "internal",
      `failed to open mountpath "${absolutePath}": ${code === "" ? "unexpected failure" : code}`,
      { cause: error },
    );
  }
}

async function makeDirectories(path: string, faults: FileFaults): Promise<void> {
  const objects = join(path, OBJECTS_DIRECTORY);
  mkdirSync(objects, { recursive: true });
  const present = new Set(readdirSync(objects));
  let isNew = false;
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT; number++) {
    const directory = objectSubdirectory(path, number);
    if (present.has(basename(directory))) continue;
    mkdirSync(directory);
    isNew = true;
  }
  if (isNew) await syncDirectory(objects, faults);
}

/** From now on only programs that know flush points may open it. Until there is one, the index reads as before. */
async function upgrade(path: string, known: Marker, faults: FileFaults): Promise<Marker> {
  if (known.formatVersion === MOUNTPATH_FORMAT_VERSION) return known;
  const marker = { ...known, formatVersion: MOUNTPATH_FORMAT_VERSION };
  await writeMarker(path, marker, faults);
  return marker;
}

/** The marker comes before the index: an index without a marker is never ours. */
async function initialize(path: string, owner: MountpathOwner, faults: FileFaults): Promise<Marker> {
  if (existsSync(join(path, INDEX_DIRECTORY))) {
    throw new AisError(
      "internal",
      `mountpath "${path}" has an index but no ${MARKER_FILE}, refusing to take it over`,
    );
  }
  const marker: Marker = {
    formatVersion: MOUNTPATH_FORMAT_VERSION,
    clusterUuid: owner.clusterUuid,
    nodeId: owner.nodeId,
    mountpathId: randomBytes(8).toString("hex"),
  };
  await writeMarker(path, marker, faults);
  return marker;
}

/** The index exists, durably: from now on a mountpath without one is damaged. Does nothing when that is noted already. */
export async function noteIndex(path: string, faults: FileFaults): Promise<void> {
  const marker = readMarker(path);
  if (marker === null || marker.hasIndex === true) return;
  await writeMarker(path, { ...marker, hasIndex: true }, faults);
}

/** These are in service together: should one be empty at the next start, the others tell that its disk is missing. */
export async function noteMountpaths(paths: readonly string[], faults: FileFaults): Promise<void> {
  const mountpaths = paths.toSorted();
  for (const path of paths) {
    const marker = readMarker(path);
    if (marker === null || marker.mountpaths?.join("\n") === mountpaths.join("\n")) continue;
    await writeMarker(path, { ...marker, mountpaths }, faults);
  }
}

/** Throws `internal` for a directory without a marker that held objects when the others were last in service. */
export function requireMounted(paths: readonly string[]): void {
  const absolute = paths.map((path) => resolve(path));
  const empty = absolute.filter((path) => !existsSync(join(path, MARKER_FILE)));
  if (empty.length === 0) return;
  for (const witness of absolute.filter((path) => !empty.includes(path))) {
    const known = readMarker(witness)?.mountpaths ?? [];
    const missing = empty.find((path) => known.includes(path));
    if (missing === undefined) continue;
    throw new AisError(
      "internal",
      `cannot use mountpath "${missing}": it is empty, but was in service beside "${witness}". Is its disk mounted? ` +
        `To go on without what it held: ais storage replace --mountpath "${missing}" --beside "${witness}"`,
    );
  }
}

/**
 * Makes an empty directory the successor of a mountpath that is lost. `beside` is another mountpath of the same target.
 * Errors: `conflict` when it is not empty, `notFound` when `beside` is no mountpath.
 */
export async function replaceMountpath(path: string, beside: string): Promise<void> {
  const [target, witness] = [resolve(path), resolve(beside)];
  const marker = existsSync(witness) ? readMarker(witness) : null;
  if (marker === null)
    throw new AisError("notFound", `"${witness}" is no mountpath: it has no ${MARKER_FILE}`);
  requireKnownFormat(witness, marker);
  mkdirSync(target, { recursive: true });
  const [found] = readdirSync(target).filter((name) => name !== "lost+found");
  if (found !== undefined) throw new AisError("conflict", `"${target}" is not empty: it holds "${found}"`);
  await initialize(target, marker, NO_FILE_FAULTS);
}

async function writeMarker(path: string, marker: Marker, faults: FileFaults): Promise<void> {
  const text = `${JSON.stringify(marker, null, 2)}\n`;
  await durableWriteBytes(join(path, MARKER_FILE), text, { flush: "fsync", faults });
}

/** Null when the directory has none. Throws `internal` when it is damaged. */
export function readMarker(path: string): Marker | null {
  const markerPath = join(path, MARKER_FILE);
  if (!existsSync(markerPath)) return null;
  const marker = parseMarker(readFileSync(markerPath, "utf8"));
  if (marker === null)
    throw new AisError("internal", `"${markerPath}" is damaged: it is not a mountpath marker`);
  return marker;
}

function parseMarker(text: string): Marker | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { formatVersion, clusterUuid, nodeId, mountpathId, hasIndex, mountpaths } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof formatVersion !== "number" || typeof clusterUuid !== "string") return null;
  if (typeof nodeId !== "string" || typeof mountpathId !== "string") return null;
  return {
    formatVersion,
    clusterUuid,
    nodeId,
    mountpathId,
    ...(hasIndex === true ? { hasIndex } : {}),
    ...(Array.isArray(mountpaths) ? { mountpaths: mountpaths.map(String) } : {}),
  };
}

/** Throws `unsupported` when a newer program wrote the mountpath. */
export function requireKnownFormat(path: string, { formatVersion }: Marker): void {
  if (formatVersion <= MOUNTPATH_FORMAT_VERSION) return;
  throw new AisError(
    "unsupported",
    `mountpath "${path}" has format version ${formatVersion}, this program knows versions up to ${MOUNTPATH_FORMAT_VERSION}`,
  );
}

function checkOwner(path: string, marker: Marker, owner: MountpathOwner): void {
  requireKnownFormat(path, marker);
  if (marker.clusterUuid !== owner.clusterUuid) {
    throw new AisError(
      "conflict",
      `mountpath "${path}" holds data of cluster "${marker.clusterUuid}", this node belongs to cluster "${owner.clusterUuid}"`,
    );
  }
  if (marker.nodeId !== owner.nodeId) {
    throw new AisError(
      "conflict",
      `mountpath "${path}" holds data of node "${marker.nodeId}", this node is "${owner.nodeId}"`,
    );
  }
}
