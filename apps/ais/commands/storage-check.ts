/** `ais storage check`: what is damaged, in a running cluster or in directories that no daemon has open. */
import { sleep } from "@ais/base/lifecycle.ts";
import { damageCount } from "@ais/wire/storage-report.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { CanceledError, UsageError } from "../errors.ts";
import { startObjectProgress } from "../storage/object-progress.ts";
import { printReports, type TargetReport } from "../storage/report-text.ts";
import {
  chosenTargets,
  onTargets,
  reportsOf,
  requireWorked,
  statusesJson,
  stopOnTargets,
} from "../storage/targets.ts";

interface Options {
  readonly mountpath?: readonly string[];
  readonly verify?: boolean;
}

const POLL_MS = 250;

export function storageCheckCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("check")
    .summary("look for damaged data; exit status 1 when there is any")
    .description(
      "Compare index and object files of all targets, or of one, while they serve. With --mountpath: of directories\n" +
        "whose daemon is stopped. Nothing is changed.",
    )
    .argument("[target]", "TARGET_ID; without it every target")
    .option("--mountpath <dir>", "a directory of a stopped target; may be repeated", appendTo)
    .option("--verify", "also read all contents and compare them with their checksums");
  return runtime.handle<Options>(command, async (context, [target], options) => {
    const reports =
      options.mountpath === undefined
        ? await checkTargets(context, target === undefined ? undefined : String(target), options)
        : await checkDirectories(context, options.mountpath, target !== undefined, options);
    const total = reports.reduce((sum, { report }) => sum + damageCount(report), 0);
    if (!context.settings.json) printReports(context, reports);
    if (total > 0) throw new Error("stored data is damaged");
  });
}

/** For options that may be repeated. */
export function appendTo(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

async function checkTargets(
  context: CommandContext,
  argument: string | undefined,
  options: Options,
): Promise<readonly TargetReport[]> {
  const { client, io } = context;
  const targets = await chosenTargets(client, argument);
  const request = { verify: options.verify === true, bytes_per_second: 0 };
  const progress = await startObjectProgress(context, "Checking");
  try {
    let statuses = await onTargets(targets, (id) => client.storage.start(id, "check", request));
    while (statuses.some(({ status }) => status.state === "running")) {
      await sleep(POLL_MS, io.signal);
      if (io.signal.aborted) {
        await stopOnTargets(client, targets, "check");
        throw new CanceledError();
      }
      statuses = await onTargets(targets, (id) => client.storage.status(id, "check"));
      progress.show(reportsOf(statuses).map(({ report }) => report));
    }
    if (context.settings.json) context.printJson(statusesJson(statuses));
    requireWorked(statuses);
    return reportsOf(statuses);
  } finally {
    progress.stop();
  }
}

async function checkDirectories(
  context: CommandContext,
  mountpaths: readonly string[],
  hasTarget: boolean,
  options: Options,
): Promise<readonly TargetReport[]> {
  if (hasTarget) throw new UsageError("a target and --mountpath exclude each other");
  const { checkOffline } = await import("@ais/storage/check/check-offline.ts");
  const progress = await startObjectProgress(context, "Checking");
  let timer: ReturnType<typeof setInterval> | null = null;
  try {
    const reports = await checkOffline({
      mountpaths,
      verify: options.verify === true,
      signal: context.io.signal,
      onStart: (builders) => {
        timer = setInterval(() => progress.show(builders.map((builder) => builder.report())), POLL_MS);
      },
    });
    if (context.settings.json) context.printJson({ mountpaths: reports });
    return reports.map((report) => ({ target: "", report }));
  } finally {
    if (timer !== null) clearInterval(timer);
    progress.stop();
  }
}
