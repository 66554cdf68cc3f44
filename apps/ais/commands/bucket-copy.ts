import { isNotFound } from "@ais/client/api-error.ts";
import { type Bck, bucketCname, objectCname, type ParsedUri } from "@ais/wire/bck.ts";
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
import { parseIntervalValue } from "../refresh.ts";
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
  readonly timeout?: number;
  readonly progress?: boolean;
}

export function bucketCopyCommand(runtime: Runtime, parent: Command): Command {
  const command = parent
    .command("cp")
    .summary("copy a bucket, or some of its objects")
    .description(
      "Copy a bucket, or some of its objects, into another one, which is made when it does not exist. One object is copied at once, into a bucket that is there.",
    )
    .argument("<bucket>", "such as ais://src; BUCKET/OBJECT_NAME: that object, or else all under that prefix")
    .argument(
      "<destination-bucket>",
      "such as ais://dst; of an object also BUCKET/NEW_NAME, or BUCKET/DIRECTORY/",
    )
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
    .option("--timeout <time>", "wait at most this long; the job goes on", parseIntervalValue)
    .option("--progress", "wait for the end, with a progress bar");
  return runtime.handle<Options>(command, async (context, [source, destination], options) => {
    const { bucket, objectName } = parseUri(String(source));
    if (bucket.name === "") throw new UsageError(`missing bucket name in "${source}"`);
    if (objectName !== "" && options.sync === true)
      throw new UsageError("--sync is for buckets: it takes no object name, but --prefix");
    const chosen = parseSelection(options);
    if (objectName !== "" && (chosen.names.length > 0 || chosen.template !== "" || chosen.prefix !== ""))
      throw new UsageError("an object name excludes --list, --template and --prefix");
    if (objectName !== "" && (await isObject(context, bucket, objectName))) {
      await copyOne(context, { bucket, objectName }, parseUri(String(destination)), options);
      return;
    }
    const selection = objectName === "" ? chosen : { ...chosen, prefix: objectName };
    await copy(context, bucket, parseBucketUri(String(destination)), selection, options);
  });
}

async function isObject({ client }: CommandContext, bucket: Bck, objectName: string): Promise<boolean> {
  if (objectName.endsWith("/")) return false;
  try {
    await client.objects.head(bucket, objectName);
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** At once, and under another name where one is given. What is for many objects is refused. */
async function copyOne(
  context: CommandContext,
  from: ParsedUri,
  destination: ParsedUri,
  options: Options,
): Promise<void> {
  if (options.prepend !== undefined || options.ext !== undefined)
    throw new UsageError("one object is copied under the name that its destination has");
  if (destination.bucket.name === "") throw new UsageError("missing name of the destination bucket");
  const base = from.objectName.slice(from.objectName.lastIndexOf("/") + 1);
  const given = destination.objectName;
  const objectName = given === "" ? from.objectName : given.endsWith("/") ? given + base : given;
  const to = { bucket: destination.bucket, objectName };
  const what = `${objectCname(from.bucket, from.objectName)} => ${objectCname(to.bucket, to.objectName)}`;
  if (options.dryRun === true) {
    if (context.settings.json) context.printJson({ would_copy: objectCname(to.bucket, to.objectName) });
    else context.print(`[dry-run] would copy ${what}`);
    return;
  }
  await context.client.objects.copy(from.bucket, from.objectName, to);
  if (context.settings.json) context.printJson({ copied: objectCname(to.bucket, to.objectName) });
  else context.print(`Copied ${what}`);
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
    throw new UsageError("--sync excludes --list, --template and --prepend");
  const id = await (isMulti ? jobs.copyObjects(from, to, message) : jobs.copyBucket(from, to, message));
  const what = `${bucketCname(from)} => ${bucketCname(to)}`;
  const waits = options.wait === true || options.timeout !== undefined;
  if (!waits && options.progress !== true && options.dryRun !== true) {
    if (context.settings.json) context.printJson({ job: id });
    else context.print(`Copying ${what}. To monitor the progress, run 'ais show job ${id}'`);
    return;
  }
  const totalObjects = isMulti ? selection.count : (await jobs.summary(from, selection.prefix)).objectCount;
  const result = await followJob(context, { id, verb: "Copied", totalObjects, timeoutMs: options.timeout });
  if (context.settings.json) context.printJson({ job: id, objects: result.objects, bytes: result.bytes });
  else
    context.print(
      `${options.dryRun === true ? "[dry-run] would copy" : "Copied"} ${doneText(result, context.settings.units)}: ${what}`,
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
