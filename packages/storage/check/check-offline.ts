/** Checks mountpaths that no daemon has open. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { systemClock } from "@ais/base/clock.ts";
import { AisError } from "@ais/base/errors.ts";
import type { MountpathReport } from "@ais/wire/storage-report.ts";
import { loadContentHashing } from "../checksum.ts";
import { lockFile } from "../flock.ts";
import { readMarker, requireKnownFormat } from "../mountpath.ts";
import { LOCK_FILE, MARKER_FILE } from "../on-disk-format.ts";
import { checkMountpath } from "./check-mountpath.ts";
import { BucketNames } from "./object-text.ts";
import { OfflineView } from "./offline-view.ts";
import { Pace } from "./pace.ts";
import { ReportBuilder } from "./report.ts";

export interface OfflineCheckOptions {
  readonly mountpaths: readonly string[];
  readonly verify: boolean;
  readonly signal: AbortSignal;
  /** Called with the builders of all mountpaths before anything is looked at. */
  readonly onStart?: (reports: readonly ReportBuilder[]) => void;
}

/** Errors: `notFound` for what is no mountpath, `conflict` while a daemon has it open, `unsupported` for a newer format. */
export async function checkOffline(options: OfflineCheckOptions): Promise<readonly MountpathReport[]> {
  const names = new BucketNames();
  const reports = options.mountpaths.map((path) => new ReportBuilder(resolve(path), names));
  using locks = new DisposableStack();
  for (const { mountpath } of reports) locks.use(lockMountpath(mountpath));
  options.onStart?.(reports);
  const hashing = await loadContentHashing();
  const { signal, verify } = options;
  const pace = new Pace({ clock: systemClock, bytesPerSecond: 0, share: 1, signal });
  for (const report of reports) {
    using view = new OfflineView(report.mountpath);
    await checkMountpath({ view, report, hashing, pace, names, verify });
  }
  return reports.map((report) => report.report());
}

/** Holds the lock that a daemon would hold, so that none starts meanwhile. */
export function lockMountpath(mountpath: string): Disposable {
  if (!existsSync(join(mountpath, MARKER_FILE))) {
    throw new AisError("notFound", `"${mountpath}" is no mountpath: it has no ${MARKER_FILE}`);
  }
  const lock = lockFile(join(mountpath, LOCK_FILE));
  try {
    const marker = readMarker(mountpath);
    if (marker !== null) requireKnownFormat(mountpath, marker);
    return lock;
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}
