import { type Bck, bucketCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { doneText, followJob } from "../jobs/follow-job.ts";
import {
  LIST_HELP,
  parseSelection,
  type Selection,
  type SelectionOptions,
  TEMPLATE_HELP,
} from "../jobs/selection-options.ts";
import { parsePositiveCount } from "../option-values.ts";
import { parseBucketUri, parseUri } from "../uri.ts";

interface Options extends SelectionOptions {
  readonly prepend?: string;
  readonly ext?: string;
  readonly dryRun?: boolean;
  readonly sync?: boolean;
  readonly nonRecursive?: boolean;
  readonly contOnErr?: boolean;
  readonly conc?: number;
  readonly wait?: boolean;
  readonly progress?: boolean;
}

export function bucketCopyCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("cp")
    .summary("copy a bucket, or some of its objects")
    .description(
      "Copy a bucket, or some of its objects, into another one, which is made when it does not exist.",
    )
    .argument("<bucket>", "such as ais://src; with an object name: just that object")
    .argument("<destination-bucket>", "such as ais://dst")
    .option("--list <names>", LIST_HELP)
    .option("--template <template>", TEMPLATE_HELP)
    .option("--prefix <text>", "every object whose name begins with this")
    .option("--prepend <text>", "put this before the names of the copies")
    .option("--ext <map>", 'other extensions, such as "jpeg=jpg,tgz=tar.gz"')
    .option("--non-recursive", "names directly under the prefix only (also --nr)")
    .option("--dry-run", "count what would be copied")
    .option("--sync", "delete at the destination what the source does not have")
    .option("--cont-on-err", "pass over objects that fail")
    .option("--conc <number>", "objects at a time on each target", parsePositiveCount)
    .option("--wait", "wait for the end")
    .option("--progress", "wait for the end, with a progress bar");
  return runtime.handle<Options>(command, async (context, [source, destination], options) => {
    const { bucket, objectName } = parseUri(String(source));
    if (bucket.name === "") throw new UsageError(`missing bucket name in "${source}"`);
    const chosen = parseSelection(options);
    if (objectName !== "" && (chosen.names.length > 0 || chosen.template !== "" || chosen.prefix !== ""))
      throw new UsageError("an object name excludes --list, --template and --prefix");
    const selection = objectName === "" ? chosen : { ...chosen, names: [objectName], count: 1 };
    await copy(context, bucket, parseBucketUri(String(destination)), selection, options);
  });
}

async function copy(
  context: CommandContext,
  from: Bck,
  to: Bck,
  selection: Selection,
  options: Options,
): Promise<void> {
  const { jobs } = context.client;
  const message = {
    ...selection,
    prepend: options.prepend ?? "",
    extensions: parseExtensions(options.ext ?? ""),
    dryRun: options.dryRun === true,
    synchronize: options.sync === true,
    nonRecursive: options.nonRecursive === true,
    continueOnError: options.contOnErr === true,
    workerCount: options.conc ?? 0,
  };
  const isMulti = selection.names.length > 0 || selection.template !== "";
  if (message.synchronize && (isMulti || message.prepend !== ""))
    throw new UsageError("--sync excludes an object name, --list, --template and --prepend");
  const id = await (isMulti ? jobs.copyObjects(from, to, message) : jobs.copyBucket(from, to, message));
  const what = `${bucketCname(from)} => ${bucketCname(to)}`;
  if (options.wait !== true && options.progress !== true && options.dryRun !== true) {
    if (context.settings.json) context.printJson({ job: id });
    else context.print(`Copying ${what}. To monitor the progress, run 'ais show job ${id}'`);
    return;
  }
  const totalObjects = isMulti ? selection.count : (await jobs.summary(from, selection.prefix)).objectCount;
  const result = await followJob(context, { id, verb: "Copied", totalObjects });
  if (context.settings.json) context.printJson({ job: id, objects: result.objects, bytes: result.bytes });
  else
    context.print(
      `${options.dryRun === true ? "[dry-run] would copy" : "Copied"} ${doneText(result)}: ${what}`,
    );
}

function parseExtensions(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  return Object.fromEntries(
    pairs.map((pair) => {
      const [from = "", to = "", ...more] = pair.split(/[=:]/).map((part) => part.trim());
      if (from === "" || to === "" || more.length > 0)
        throw new UsageError(`invalid extension "${pair}", expecting for example "jpeg=jpg"`);
      return [from, to];
    }),
  );
}
