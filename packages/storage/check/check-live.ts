/** Checks a store in service, in the background: one mountpath after the other, at most a quarter of the time. */
import type { Span } from "@ais/tracing/types.ts";
import { endFailed } from "../failed-span.ts";
import { SPAN_ATTRIBUTES, SPAN_NAMES } from "../span-names.ts";
import type { OpenMountpath, StoreContext } from "../store-context.ts";
import type { CheckOptions, RunningCheck } from "../types.ts";
import { checkMountpath } from "./check-mountpath.ts";
import type { ObjectVerdict } from "./examine-record.ts";
import { LiveView } from "./live-view.ts";
import { BucketNames } from "./object-text.ts";
import { Pace } from "./pace.ts";
import { ReportBuilder } from "./report.ts";

const BACKGROUND_SHARE = 0.25;

export function checkLive(context: StoreContext, options: CheckOptions, span: Span): RunningCheck {
  const names = new BucketNames(options.bucketName);
  const reports = context.mountpaths.map(({ path }) => new ReportBuilder(path, names));
  // All of them now, so that progress is measured by the whole from the start.
  for (const [place, { index }] of context.mountpaths.entries()) {
    const report = reports[place];
    if (report !== undefined) report.expectedObjects = index.objectCount;
  }
  const { bytesPerSecond, signal } = options;
  const pace = new Pace({ clock: context.clock, bytesPerSecond, share: BACKGROUND_SHARE, signal });
  const run = async (): Promise<void> => {
    for (const [place, mountpath] of context.mountpaths.entries()) {
      const report = reports[place];
      if (report !== undefined) await checkOne(context, mountpath, report, names, pace, options, span);
    }
  };
  return { reports: () => reports.map((report) => report.report()), done: run() };
}

async function checkOne(
  context: StoreContext,
  mountpath: OpenMountpath,
  report: ReportBuilder,
  names: BucketNames,
  pace: Pace,
  options: CheckOptions,
  parent: Span,
): Promise<void> {
  const { hashing, counters } = context;
  const span = parent.child(SPAN_NAMES.check);
  try {
    mountpath.index.presence.require();
    await checkMountpath({
      view: new LiveView(mountpath),
      report,
      hashing,
      pace,
      names,
      verify: options.verify,
      onVerified: (verdict) => conclude(context, mountpath, verdict, options.mark),
    });
    note(span, report);
    span.end();
  } catch (error) {
    note(span, report);
    endFailed(span, error);
    throw error;
  } finally {
    counters.checkedObjects += report.objects;
    counters.checkDamages += report.damageCount;
  }
}

function note(span: Span, report: ReportBuilder): void {
  if (!span.recording) return;
  span.set(SPAN_ATTRIBUTES.mountpath, report.mountpath);
  span.set(SPAN_ATTRIBUTES.objects, report.objects);
  span.set(SPAN_ATTRIBUTES.bytes, report.verifiedBytes);
  span.set(SPAN_ATTRIBUTES.damages, report.damageCount);
}

/** A wrong object must not be sent until it is right again; then it may be. */
async function conclude(
  { counters, logger }: StoreContext,
  { index, path }: OpenMountpath,
  { key, record, isRight }: ObjectVerdict,
  mark: boolean,
): Promise<void> {
  counters.verifiedObjects += 1;
  counters.verifiedBytes += record.sizeBytes;
  if (!isRight) counters.verifyMismatches += 1;
  if (!mark || record.isDamaged === !isRight) return;
  const { value: changed } = await index.commit(() => index.markDamage(key, record, !isRight));
  if (!changed) return;
  const object = Buffer.from(key.subarray(8)).toString();
  const message = isRight ? "a damaged object is right again" : "found a damaged object, reads of it fail";
  logger.log(isRight ? "info" : "error", message, { mountpath: path, object, size: record.sizeBytes });
}
