/** AIStore's default aliases as commands, and the others in the help of `ais`. */
import type { Command } from "commander";
import { bucketCopyCommand } from "./commands/bucket-copy.ts";
import { bucketCreateCommand } from "./commands/bucket-create.ts";
import { listCommand } from "./commands/bucket-ls.ts";
import { bucketRemoveCommand } from "./commands/bucket-rm.ts";
import { jobStopCommand, jobWaitCommand } from "./commands/job-control.ts";
import { jobStartCommand, storageCleanupCommand } from "./commands/job-start.ts";
import { multipartUploadCommand } from "./commands/multipart-upload.ts";
import { objectGetCommand } from "./commands/object-get.ts";
import { objectPutCommand } from "./commands/object-put.ts";
import { objectRemoveCommand } from "./commands/object-rm.ts";
import { findCommand, isDefaultAlias, usableAliases } from "./config/aliases.ts";
import type { DEFAULT_ALIASES } from "./config/cli-config.ts";
import type { Runtime } from "./context.ts";

/** They are commands of the tree as long as nobody has changed them. */
export function addDefaultAliases(runtime: Runtime, program: Command): void {
  const adders: Readonly<Record<keyof typeof DEFAULT_ALIASES, () => unknown>> = {
    create: () => bucketCreateCommand(runtime, program),
    ls: () => listCommand(runtime, program),
    put: () => objectPutCommand(runtime, program),
    get: () => objectGetCommand(runtime, program),
    rmb: () => bucketRemoveCommand(runtime, program, "rmb"),
    rmo: () => objectRemoveCommand(runtime, program, "rmo"),
    cp: () => bucketCopyCommand(runtime, program),
    mpu: () => multipartUploadCommand(runtime, program, "mpu"),
    start: () => jobStartCommand(runtime, program),
    stop: () => jobStopCommand(runtime, program),
    wait: () => jobWaitCommand(runtime, program),
    "space-cleanup": () => storageCleanupCommand(runtime, program, "space-cleanup"),
  };
  for (const [name, add] of Object.entries(adders))
    if (isDefaultAlias(runtime.config.aliases, name as keyof typeof DEFAULT_ALIASES)) add();
}

/** Those that are no commands of the tree. */
export function aliasesHelp({ config }: Runtime, program: Command): string {
  const own = usableAliases(program, config.aliases).filter(
    ([name]) => findCommand(program, [name]) === null,
  );
  const width = Math.max(0, ...own.map(([name]) => name.length)) + 2;
  const lines = own.map(([name, command]) => `  ${name.padEnd(width)}${command}`);
  return lines.length === 0 ? "" : `\nAliases:\n${lines.join("\n")}`;
}
