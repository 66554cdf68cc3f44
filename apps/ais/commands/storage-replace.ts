/** `ais storage replace`: a new, empty disk in place of one that is lost. */
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";

interface Options {
  readonly mountpath?: string;
  readonly beside?: string;
}

export function storageReplaceCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("replace")
    .summary("let an empty directory take the place of a lost mountpath of a stopped target")
    .description(
      "A target does not start with an empty directory where it had objects: the disk may only be not mounted.\n" +
        "This says that what it held is lost, or is to come back from elsewhere.",
    )
    .option("--mountpath <dir>", "the empty directory")
    .option("--beside <dir>", "another mountpath of the same target");
  return runtime.handle<Options>(command, async (context, _args, { mountpath, beside }) => {
    if (mountpath === undefined || beside === undefined)
      throw new UsageError("missing --mountpath or --beside: both are needed");
    await context.confirm(`Give up what "${mountpath}" held?`, true);
    const { replaceMountpath } = await import("@ais/storage/mountpath.ts");
    await replaceMountpath(mountpath, beside);
    if (context.settings.json) context.printJson({ mountpath });
    else context.print(`"${mountpath}" is a new mountpath of the target, start it now`);
  });
}
