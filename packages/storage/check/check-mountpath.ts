/** Looks at everything that a mountpath holds and reports what is damaged. Changes nothing. */
import { existsSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TEMPORARY_SUFFIX } from "@ais/base/durable-write.ts";
import type { ContentHashing } from "../checksum.ts";
import {
  fileIdOfName,
  fileIdOfTemporaryName,
  objectFilePath,
  objectSubdirectory,
} from "../files/object-path.ts";
import { readFileEnd } from "../files/trailer.ts";
import { ASIDE_PREFIX, OBJECT_SUBDIRECTORY_COUNT, OBJECTS_DIRECTORY } from "../on-disk-format.ts";
import { examineRecord, type ObjectVerdict } from "./examine-record.ts";
import type { BucketNames } from "./object-text.ts";
import type { Pace } from "./pace.ts";
import type { ReportBuilder } from "./report.ts";
import type { MountpathView } from "./view.ts";

export interface CheckContext {
  readonly view: MountpathView;
  readonly report: ReportBuilder;
  readonly hashing: ContentHashing;
  readonly pace: Pace;
  readonly names: BucketNames;
  /** Read contents and compare them with their checksums. */
  readonly verify: boolean;
  /** Told of every object whose content was compared. */
  readonly onVerified?: (verdict: ObjectVerdict) => Promise<void>;
}

/** Throws what the pace throws when it is told to stop; the report holds what was found until then. */
export async function checkMountpath(context: CheckContext): Promise<void> {
  const { view, report } = context;
  report.expectedObjects = view.expectedObjects;
  report.aside = await asideDirectories(view.mountpath);
  const buffer = new Uint8Array(256 * 1024);
  let hasDamagedIndex = false;
  for (const step of view.records(context.verify)) {
    if (step.kind === "damaged-index") {
      hasDamagedIndex = true;
      report.damage("damaged-index", null, step.path, step.why);
    } else {
      report.objects += 1;
      await examineRecord(context, step, buffer);
    }
    await context.pace.step();
  }
  if (hasDamagedIndex) {
    const expected = report.expectedObjects;
    report.lostRecords = expected === null ? null : Math.max(0, expected - report.objects);
  }
  await checkFiles(context);
  report.finished = true;
}

async function checkFiles(context: CheckContext): Promise<void> {
  const { view, pace, report } = context;
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT; number++) {
    const directory = objectSubdirectory(view.mountpath, number);
    if (!existsSync(directory)) continue;
    const suspects: string[] = [];
    for await (const { name } of await opendir(directory)) {
      if (isNamed(view, directory, name)) report.objectFiles += 1;
      else suspects.push(name);
      await pace.step();
    }
    // A write or a removal that was under way is over then: what is still wrong is.
    if (suspects.length > 0) await view.settled();
    for (const name of suspects) await checkSuspect(context, directory, name);
  }
}

/** Whether the file is an object's, as far as the index can tell. */
function isNamed(view: MountpathView, directory: string, name: string): boolean {
  const fileId = fileIdOfName(name);
  if (fileId === null || !liesRight(view, fileId, directory)) return false;
  return view.ownerOfFile(fileId) !== null;
}

async function checkSuspect(context: CheckContext, directory: string, name: string): Promise<void> {
  const { view, report, hashing } = context;
  const path = join(directory, name);
  const fileId = fileIdOfName(name) ?? fileIdOfTemporaryName(name);
  if (fileId !== null && view.isBusy(fileId)) return;
  if (isNamed(view, directory, name) || !existsSync(path)) return;
  if (fileIdOfName(name) === null) {
    const isLeftOver = name.endsWith(TEMPORARY_SUFFIX);
    if (isLeftOver) report.damage("temporary-file", null, path, "nobody writes it any more");
    else report.damage("orphan-file", null, path, "not the name of an object file");
    return;
  }
  if (fileId !== null && !liesRight(view, fileId, directory)) {
    report.damage("orphan-file", null, path, "it lies in the wrong directory");
    return;
  }
  const end = await readFileEnd(path, hashing).catch(() => null);
  if (end?.kind === "retired") {
    report.damage("retired-file", null, path, "the next start of the daemon removes it");
  } else {
    const content = end?.kind === "whole" ? `, it holds "${end.trailer.objectName}"` : "";
    report.damage("orphan-file", null, path, `no record has it${content}`);
  }
}

function liesRight(view: MountpathView, fileId: bigint, directory: string): boolean {
  return dirname(objectFilePath(view.mountpath, fileId)) === directory;
}

async function asideDirectories(mountpath: string): Promise<readonly string[]> {
  if (!existsSync(join(mountpath, OBJECTS_DIRECTORY))) return [];
  const found: string[] = [];
  for await (const { name } of await opendir(mountpath)) {
    if (name.startsWith(ASIDE_PREFIX)) found.push(join(mountpath, name));
  }
  return found.sort();
}
