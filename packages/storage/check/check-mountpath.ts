/** Looks at everything that a mountpath holds and reports what is damaged. Changes nothing. */
import { existsSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { TEMPORARY_SUFFIX } from "@ais/base/durable-write.ts";
import type { ContentHashing } from "../checksum.ts";
import { fileIdOfName, fileIdOfTemporaryName, objectFilePath, objectSubdirectory } from "../files/object-path.ts";
import { ASIDE_PREFIX, OBJECT_SUBDIRECTORY_COUNT, OBJECTS_DIRECTORY } from "../on-disk-format.ts";
import { errorChainText } from "../storage-error.ts";
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
      report.damage("damaged-index", "", step.path, step.why);
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
  const { view, pace } = context;
  for (let number = 0; number < OBJECT_SUBDIRECTORY_COUNT; number++) {
    const directory = objectSubdirectory(view.mountpath, number);
    if (!existsSync(directory)) continue;
    const suspects: string[] = [];
    for await (const { name } of await opendir(directory)) {
      if (findingOfFile(context, directory, name) !== null) suspects.push(name);
      await pace.step();
    }
    if (suspects.length === 0) continue;
    // A write or a removal that was under way is over now: what is still wrong is.
    await view.settled();
    for (const name of suspects) {
      const finding = findingOfFile(context, directory, name);
      if (finding === null || !existsSync(join(directory, name))) continue;
      context.report.damage(finding.kind, "", join(directory, name), finding.detail);
    }
  }
}

function findingOfFile(
  { view, report }: CheckContext,
  directory: string,
  name: string,
): { readonly kind: "orphan-file" | "temporary-file"; readonly detail: string } | null {
  const fileId = fileIdOfName(name);
  if (fileId === null) {
    if (!name.endsWith(TEMPORARY_SUFFIX)) return { kind: "orphan-file", detail: "not the name of an object file" };
    const writing = fileIdOfTemporaryName(name);
    const isBusy = writing !== null && view.isBusy(writing);
    return isBusy ? null : { kind: "temporary-file", detail: "nobody writes it" };
  }
  if (objectFilePath(view.mountpath, fileId) !== join(directory, name)) {
    return { kind: "orphan-file", detail: "it lies in the wrong directory" };
  }
  const owner = view.ownerOfFile(fileId);
  if (owner === null && !view.isBusy(fileId)) return { kind: "orphan-file", detail: "no record has it" };
  report.objectFiles += owner === null ? 0 : 1;
  return null;
}

async function asideDirectories(mountpath: string): Promise<readonly string[]> {
  if (!existsSync(join(mountpath, OBJECTS_DIRECTORY))) return [];
  const found: string[] = [];
  for await (const { name } of await opendir(mountpath)) {
    if (name.startsWith(ASIDE_PREFIX)) found.push(join(mountpath, name));
  }
  return found.sort();
}

/** For a mountpath that cannot be looked at at all. */
export function reportUnreadable(report: ReportBuilder, error: unknown): void {
  report.damage("read-error", "", report.mountpath, errorChainText(error));
}
