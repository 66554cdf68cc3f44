/** `ais storage scrub`: verifies all contents in the background, on every target or on one. */
import { formatDurationMs } from "@ais/base/units.ts";
import { nodeName } from "@ais/wire/smap.ts";
import { damageCount, type StorageJobStatus } from "@ais/wire/storage-report.ts";
import { Argument, type Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { parseSizeValue, type SizeValue, sizeOf } from "../option-values.ts";
import { formatSize, type Units } from "../output/units.ts";
import { printReports } from "../storage/report-text.ts";
import {
  chosenTargets,
  onTargets,
  reportsOf,
  requireWorked,
  statusesJson,
  stopOnTargets,
  type TargetStatus,
} from "../storage/targets.ts";

interface Options {
  readonly rate?: SizeValue;
}

const COLUMNS = ["TARGET", "STATE", "OBJECTS", "VERIFIED", "DAMAGES", "TIME"] as const;
/** Reads of requests go first. */
const DEFAULT_BYTES_PER_SECOND = 64 * 1024 * 1024;

export function storageScrubCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("scrub")
    .summary("verify all contents in the background; reads of damaged objects fail afterwards")
    .addArgument(
      new Argument("[action]", "what to do").choices(["start", "status", "stop"]).default("status"),
    )
    .argument("[target]", "TARGET_ID; without it every target")
    .option(
      "--rate <size>",
      "bytes a second that each target reads at most, 0 for no limit (default: 64MiB)",
      parseSizeValue,
    );
  return runtime.handle<Options>(command, async (context, [action, target], options) => {
    const { client } = context;
    const targets = await chosenTargets(client, target === undefined ? undefined : String(target));
    const bytesPerSecond =
      options.rate === undefined ? DEFAULT_BYTES_PER_SECOND : sizeOf(options.rate, context.settings);
    const request = { verify: true, bytes_per_second: bytesPerSecond };
    const statuses =
      action === "start"
        ? await onTargets(targets, (id) => client.storage.start(id, "scrub", request))
        : action === "stop"
          ? await stopOnTargets(client, targets, "scrub")
          : await onTargets(targets, (id) => client.storage.status(id, "scrub"));
    show(context, statuses);
    requireWorked(statuses);
    const isDamaged = statuses.some(({ status }) => damagesOf(status) > 0);
    if (action !== "start" && isDamaged) throw new Error("stored data is damaged");
  });
}

function show(context: CommandContext, statuses: readonly TargetStatus[]): void {
  if (context.settings.json) {
    context.printJson(statusesJson(statuses));
    return;
  }
  context.printTable(
    COLUMNS.map((name) => ({ name })),
    statuses.map((status) => row(status, context.settings.units)),
  );
  const damaged = reportsOf(statuses).filter(({ report }) => damageCount(report) > 0);
  if (damaged.length === 0) return;
  context.print("");
  printReports(context, damaged);
}

function row({ target, status }: TargetStatus, units: Units): readonly string[] {
  const { mountpaths, state, started_ms, ended_ms } = status;
  const sum = (read: (report: StorageJobStatus["mountpaths"][number]) => number): number =>
    mountpaths.reduce((total, report) => total + read(report), 0);
  const expected = sum((report) => report.expected_objects ?? report.objects);
  const endMs = ended_ms === 0 ? Date.now() : ended_ms;
  return [
    nodeName(target),
    state,
    state === "never" ? "-" : `${sum((report) => report.objects)} of ${expected}`,
    state === "never"
      ? "-"
      : formatSize(
          sum((report) => report.verified_bytes),
          units,
        ),
    state === "never" ? "-" : String(damagesOf(status)),
    state === "never" ? "-" : formatDurationMs(Math.max(0, Math.round((endMs - started_ms) / 100) * 100)),
  ];
}

function damagesOf({ mountpaths }: StorageJobStatus): number {
  return mountpaths.reduce((total, report) => total + damageCount(report), 0);
}
