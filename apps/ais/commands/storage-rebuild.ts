/** `ais storage rebuild`: restores the index of mountpaths whose target is stopped. */
import type { RebuildReport } from "@ais/wire/storage-report.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { counted } from "../output/units.ts";
import { appendTo } from "./storage-check.ts";

interface Options {
  readonly mountpath?: readonly string[];
}

export function storageRebuildCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("rebuild")
    .summary("restore the index of a stopped target from what is left of it and from its object files")
    .description(
      "Makes a new index and puts it in place of the old one, which is kept aside, as are files that are no objects.\n" +
        "Objects up to 16 KiB live in the index alone: those that cannot be read there any more are lost.",
    )
    .option("--mountpath <dir>", "a directory of the stopped target; may be repeated", appendTo);
  return runtime.handle<Options>(command, async (context, _args, { mountpath: mountpaths = [] }) => {
    if (mountpaths.length === 0)
      throw new UsageError("missing --mountpath: which directory is to be restored?");
    await context.confirm(`Restore the index of ${mountpaths.join(", ")}?`, true);
    const { rebuildMountpath } = await import("@ais/storage/rebuild/rebuild-mountpath.ts");
    const reports: RebuildReport[] = [];
    for (const mountpath of mountpaths) {
      const { signal } = context.io;
      reports.push(await rebuildMountpath({ mountpath, signal, onProgress: progress(context, mountpath) }));
    }
    if (context.settings.json) return context.printJson({ mountpaths: reports });
    for (const report of reports) print(context, report);
  });
}

function progress({ io, settings }: CommandContext, mountpath: string) {
  return (records: number, files: number): void => {
    if (!io.stderrIsTerminal || settings.json) return;
    io.err(`\r${mountpath}: ${counted(records, "record")} salvaged, ${counted(files, "file")} looked at`);
  };
}

function print(context: CommandContext, report: RebuildReport): void {
  if (context.io.stderrIsTerminal) context.io.err("\n");
  context.print(`${report.mountpath}: the index is restored`);
  context.printProperties([
    ["records taken from the old index", String(report.salvaged_records)],
    ["of these objects inside of the index", String(report.salvaged_inline_objects)],
    ["of these with damaged content", String(report.damaged_inline_objects)],
    ["objects restored from their files", String(report.restored_files)],
    ["files put aside: replaced or deleted", String(report.retired_files)],
    ["files put aside: older than their object", String(report.superseded_files)],
    ["files put aside: unreadable end", String(report.unreadable_files)],
    ["old index and files put aside are in", report.aside],
  ]);
  context.print(lossText(report));
  context.print(`Now check it: ais storage check --verify --mountpath "${report.mountpath}"\n`);
}

function lossText({ lost_records, newest_state }: RebuildReport): string {
  if (lost_records === 0 && newest_state) return "Nothing was lost.";
  if (lost_records === 0) {
    return "LOST: the changes of the last moments before the damage, of objects up to 16 KiB only.";
  }
  if (lost_records === null) {
    return "LOST: the old index does not tell what it held. Objects up to 16 KiB that it held are gone.";
  }
  return `LOST: ${counted(lost_records, "object")} of the old index could not be recovered.`;
}
