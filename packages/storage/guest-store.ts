/** A store over mountpaths that another process owns (sharing.ts): it reads and writes, and leaves the rest to the owner. */
import { join, resolve } from "node:path";
import type { Clock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { loadHrw } from "@ais/hrw/hrw.ts";
import { StorageCounters } from "./counters.ts";
import { createStore, openIndex, storeContext } from "./create-store.ts";
import { NO_STORAGE_FAULTS, type StorageFaults } from "./faults.ts";
import { GuestRemoval, type RemovalOwner } from "./files/guest-removal.ts";
import { FileIds } from "./files/object-path.ts";
import { FreeSpace } from "./free-space.ts";
import { CommitGate } from "./index/commit-gate.ts";
import type { ObjectIndex } from "./index/object-index.ts";
import { DEFAULT_STORAGE_LIMITS, type StorageLimits } from "./limits.ts";
import { readMarker } from "./mountpath.ts";
import { INDEX_DIRECTORY } from "./on-disk-format.ts";
import type { OpenMountpath } from "./store-context.ts";
import type { ObjectStore } from "./types.ts";

export interface GuestStoreOptions {
  readonly mountpaths: readonly string[];
  readonly owner: (mountpath: string) => RemovalOwner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<StorageLimits>;
  readonly faults?: StorageFaults;
}

export interface GuestStore extends ObjectStore {
  /** By mountpath: the ids of this process's files are of this run. */
  readonly runs: ReadonlyMap<string, number>;
  /** Of these files those that are being read here. */
  held(mountpath: string, fileIds: readonly bigint[]): readonly bigint[];
}

interface VisitedMountpath extends OpenMountpath {
  readonly removal: GuestRemoval;
  readonly run: number;
}

/** The owner must have the mountpaths open. */
export async function openGuestStore(options: GuestStoreOptions): Promise<GuestStore> {
  const limits = { ...DEFAULT_STORAGE_LIMITS, ...options.limits };
  const counters = new StorageCounters();
  await using opened = new AsyncDisposableStack();
  const mountpaths: VisitedMountpath[] = [];
  for (const path of options.mountpaths) {
    mountpaths.push(await visit(resolve(path), options, limits, counters, opened));
  }
  const context = await storeContext(options, mountpaths, true, limits, counters);
  return Object.assign(createStore(context, opened.move()), {
    runs: new Map(mountpaths.map(({ path, run }) => [path, run])),
    held: (path: string, fileIds: readonly bigint[]) =>
      mountpaths.find((mountpath) => mountpath.path === path)?.removal.held(fileIds) ?? [],
  });
}

/** The index must be there. Resolves when no transaction is under way in any process. */
export async function openIndexAsGuest(
  path: string,
  faults: StorageFaults,
  counters: StorageCounters,
  limits: StorageLimits,
): Promise<ObjectIndex> {
  using gate = new CommitGate(join(path, INDEX_DIRECTORY));
  using _closed = await gate.close();
  return openIndex(path, faults, counters, limits, "guest");
}

async function visit(
  path: string,
  { owner, clock, logger, faults = NO_STORAGE_FAULTS }: GuestStoreOptions,
  limits: StorageLimits,
  counters: StorageCounters,
  opened: AsyncDisposableStack,
): Promise<VisitedMountpath> {
  const marker = readMarker(path);
  if (marker === null) throw new AisError("internal", `"${path}" is no mountpath`);
  const index = opened.use(await openIndexAsGuest(path, faults, counters, limits));
  // Every process has a run of its own, so that no two of them ever name files alike, whichever of them dies when.
  const run = await index.nextRun();
  const removal = opened.use(new GuestRemoval(path, index, owner(path), logger));
  return {
    id: marker.mountpathId,
    digest: (await loadHrw()).digest(marker.mountpathId),
    path,
    index,
    fileIds: new FileIds(run),
    run,
    removal,
    space: new FreeSpace(path, limits.reservedSpaceBytes, clock, counters),
    guests: null,
  };
}
