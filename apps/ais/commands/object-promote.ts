import { bucketCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { doneText, followJob } from "../jobs/follow-job.ts";
import { parseUri } from "../uri.ts";

interface Options {
  readonly recursive?: boolean;
  readonly overwriteDst?: boolean;
  readonly deleteSrc?: boolean;
  readonly notFileShare?: boolean;
  readonly targetId?: string;
  readonly wait?: boolean;
}

const HELP = `
Files must lie below the targets' promote root, /var/lib/ais/promote unless a target was told otherwise:
  ais object promote /var/lib/ais/promote/d/f1 ais://nnn        ais://nnn/f1
  ais object promote /var/lib/ais/promote/d/f1 ais://nnn/aaa    ais://nnn/aaa
  ais object promote /var/lib/ais/promote/d/f1 ais://nnn/aaa/   ais://nnn/aaa/f1
  ais object promote /var/lib/ais/promote/d ais://nnn/aaa/      ais://nnn/aaa/f1, ais://nnn/aaa/f2
Symbolic links are not promoted.`;

export function objectPromoteCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("promote")
    .summary("make objects of files that targets can read")
    .argument("<path>", "absolute path of a file or directory on the targets")
    .argument("<destination>", "BUCKET[/OBJECT_NAME_or_PREFIX]")
    .option("-r, --recursive", "directories below the directory too")
    .option("-o, --overwrite-dst", "overwrite objects that are there")
    .option("--delete-src", "remove each file once it is stored")
    .option(
      "--not-file-share",
      "each target promotes all that it sees, without looking whether all see the same",
    )
    .option("--target-id <id>", "the one target that is to do it")
    .option("--wait", "wait for the end")
    .addHelpText("after", HELP);
  return runtime.handle<Options>(command, async (context, [path, destination], options) => {
    const source = String(path);
    if (!source.startsWith("/")) throw new UsageError(`"${source}" is not an absolute path`);
    const { bucket, objectName } = parseUri(String(destination));
    if (bucket.name === "") throw new UsageError(`missing bucket name in "${String(destination)}"`);
    const id = await context.client.jobs.promote(bucket, {
      source,
      objectName,
      targetId: options.targetId ?? "",
      recursive: options.recursive === true,
      overwrite: options.overwriteDst === true,
      deleteSource: options.deleteSrc === true,
      isNotShared: options.notFileShare === true,
    });
    const what = `"${source}" => ${bucketCname(bucket)}`;
    if (id !== "" && options.wait === true) {
      const result = await followJob(context, { id, verb: "Promoted", totalObjects: null });
      if (context.settings.json) context.printJson({ job: id, objects: result.objects, bytes: result.bytes });
      else context.print(`Promoted ${what}: ${doneText(result, context.settings.units)}`);
      return;
    }
    if (context.settings.json) context.printJson({ job: id });
    else if (id === "") context.print(`Promoted ${what}`);
    else context.print(`Promoting ${what}. To monitor the progress, run 'ais show job ${id}'`);
  });
}
