/** The storage engine of one target (design.md 6). What is on disk is described in on-disk-format.ts. */
import { must } from "@ais/base/assert.ts";
import type { Clock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import type { Logger } from "@ais/base/log.ts";
import { type Hrw, loadHrw } from "@ais/hrw/hrw.ts";
import type { Span } from "@ais/tracing/types.ts";
import { loadContentHashing } from "./checksum.ts";
import { StorageCounters } from "./counters.ts";
import { createStore, openIndex, storeContext } from "./create-store.ts";
import { endFailed } from "./failed-span.ts";
import { NO_STORAGE_FAULTS, type StorageFaults } from "./faults.ts";
import { DeferredRemoval } from "./files/deferred-removal.ts";
import type { RemovalCause } from "./files/file-removal.ts";
import { FileIds } from "./files/object-path.ts";
import type { FileLock } from "./flock.ts";
import { FreeSpace } from "./free-space.ts";
import { DEFAULT_STORAGE_LIMITS, type StorageLimits } from "./limits.ts";
import {
  claimMountpath,
  type MountpathOwner,
  noteIndex,
  noteMountpaths,
  requireMounted,
} from "./mountpath.ts";
import { recoverObjectFiles } from "./recovery.ts";
import { NO_ROOT_TRACING, type RootTracing } from "./root-tracing.ts";
import type { Guests } from "./sharing.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "./span-names.ts";
import { requireSoundIndex } from "./start-check.ts";
import { errorChainText } from "./storage-error.ts";
import type { OpenMountpath } from "./store-context.ts";
import { sweepOrphans } from "./sweep-orphans.ts";
import type { ObjectStore } from "./types.ts";
import { removePartialParts } from "./uploads/sweep-uploads.ts";

export interface ObjectStoreOptions extends MountpathOwner {
  readonly mountpaths: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<StorageLimits>;
  readonly faults?: StorageFaults;
  /** For what the store does by itself. */
  readonly tracing?: RootTracing;
  /** Of a store whose mountpaths other processes have open too (guest-store.ts): them, by mountpath. */
  readonly guests?: (mountpath: string) => Guests;
}

/** A store that owns its mountpaths, and what its guests need of it. */
export interface OwnerStore extends ObjectStore {
  /** Of the mountpaths' locks: a guest that inherits them keeps the mountpaths locked until it has ended. */
  readonly lockDescriptors: readonly number[];
  /** A guest has made the file superfluous and taken its mark away. */
  retire(mountpath: string, fileId: bigint, cause: RemovalCause): void;
  expedite(mountpath: string): Promise<void>;
  /** A guest has ended; `runs` are its by mountpath, empty when it had written nothing. */
  guestEnded(runs: ReadonlyMap<string, number>): void;
}

/**
 * Claims the mountpaths, cleans up after a crash, and resolves when the store can serve. Errors: those of
 * `claimMountpath`; whatever was claimed is let go then.
 */
export async function openObjectStore(options: ObjectStoreOptions): Promise<OwnerStore> {
  if (options.mountpaths.length === 0)
    throw new AisError("badRequest", "a target needs at least one mountpath");
  const limits = { ...DEFAULT_STORAGE_LIMITS, ...options.limits };
  const counters = new StorageCounters();
  const hrw = await loadHrw();
  await using opened = new AsyncDisposableStack();
  requireMounted(options.mountpaths);
  const locks: FileLock[] = [];
  const mountpaths = await recoverAll(options, limits, counters, hrw, opened, locks);
  const faults = options.faults ?? NO_STORAGE_FAULTS;
  await noteMountpaths(
    mountpaths.map(({ path }) => path),
    faults.files,
  );
  const isShared = options.guests !== undefined;
  const context = await storeContext(options, mountpaths, isShared, limits, counters);
  const home = (path: string): OwnedMountpath =>
    must(
      mountpaths.find((mountpath) => mountpath.path === path),
      `"${path}" is a mountpath`,
    );
  const stopping = new AbortController();
  // One at a time, in the background: it reads the names of all files.
  let sweeping = Promise.resolve();
  opened.defer(async () => {
    stopping.abort();
    await sweeping;
  });
  return Object.assign(createStore(context, opened.move()), {
    lockDescriptors: locks.map(({ descriptor }) => descriptor),
    retire: (path: string, fileId: bigint, cause: RemovalCause) =>
      home(path).removal.retireMarked(fileId, cause),
    expedite: (path: string) => home(path).removal.expedite(),
    guestEnded: (runs: ReadonlyMap<string, number>) => {
      for (const mountpath of mountpaths) {
        mountpath.index.forgetDeadReaders();
        const run = runs.get(mountpath.path);
        if (run === undefined) continue;
        sweeping = sweeping
          .then(() => sweepOrphans(mountpath, run, context.hashing, context.logger, stopping.signal))
          .catch((error) => reportSweep(context.logger, mountpath.path, error));
      }
    },
  });
}

/** What stays is removed at the next start. */
function reportSweep(logger: Logger, path: string, error: unknown): void {
  logger.log("warn", "failed to remove files of a worker that ended", { path, error: errorChainText(error) });
}

interface OwnedMountpath extends OpenMountpath {
  readonly removal: DeferredRemoval;
}

async function recoverAll(
  options: ObjectStoreOptions,
  limits: StorageLimits,
  counters: StorageCounters,
  hrw: Hrw,
  opened: AsyncDisposableStack,
  locks: FileLock[],
): Promise<readonly OwnedMountpath[]> {
  const { tracing = NO_ROOT_TRACING } = options;
  const job = tracing.startRoot(SPAN_NAMES.recovery);
  const mountpaths: OwnedMountpath[] = [];
  try {
    for (const path of options.mountpaths) {
      const span = job.child(SPAN_NAMES.mountpath);
      span.set(SPAN_ATTRIBUTES.mountpath, path);
      try {
        mountpaths.push(await openMountpath(path, options, limits, counters, hrw, opened, locks, span));
        span.end();
      } catch (error) {
        endFailed(span, error);
        throw error;
      }
    }
    job.end();
    return mountpaths;
  } catch (error) {
    endFailed(job, error);
    throw error;
  }
}

async function openMountpath(
  path: string,
  options: ObjectStoreOptions,
  limits: StorageLimits,
  counters: StorageCounters,
  hrw: Hrw,
  opened: AsyncDisposableStack,
  locks: FileLock[],
  span: Span,
): Promise<OwnedMountpath> {
  const { clock, logger, faults = NO_STORAGE_FAULTS, tracing = NO_ROOT_TRACING } = options;
  const claimed = await claimMountpath(path, options, faults.files);
  locks.push(opened.use(claimed.lock));
  await requireSoundIndex({
    mountpath: claimed.path,
    hadIndex: claimed.hadIndex,
    leafLimitCount: limits.startLeafCount,
    logger,
  });
  const guests = options.guests?.(claimed.path) ?? null;
  const index = opened.use(
    openIndex(claimed.path, faults, counters, limits, guests === null ? "alone" : "owner"),
  );
  const hashing = await loadContentHashing();
  const { keptFiles, removedFiles } = await recoverObjectFiles(claimed.path, index, hashing, logger);
  span.set(SPAN_ATTRIBUTES.files, keptFiles);
  span.set(SPAN_ATTRIBUTES.removedFiles, removedFiles);
  removePartialParts(claimed.path);
  const run = await index.nextRun();
  await noteIndex(claimed.path, faults.files);
  const removal = opened.use(
    new DeferredRemoval({
      mountpath: claimed.path,
      graceMs: limits.removalGraceMs,
      clock,
      logger,
      faults: faults.files,
      counters,
      tracing,
      others: guests,
      flushed: (isUrgent) => index.flushed(isUrgent),
    }),
  );
  return {
    id: claimed.id,
    digest: hrw.digest(claimed.id),
    path: claimed.path,
    index,
    fileIds: new FileIds(run),
    removal,
    space: new FreeSpace(claimed.path, limits.reservedSpaceBytes, clock, counters),
    guests,
  };
}
