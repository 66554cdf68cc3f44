import { isNotFound } from "@ais/client/api-error.ts";
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import { parseTemplate } from "@ais/wire/object-template.ts";
import type { Command } from "commander";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { followJob } from "../jobs/follow-job.ts";
import {
  LIST_HELP,
  parseSelection,
  type Selection,
  type SelectionOptions,
  TEMPLATE_HELP,
} from "../jobs/selection-options.ts";
import { counted } from "../output/units.ts";
import { parseBucketUri, parseObjectArgument } from "../uri.ts";

interface Options extends SelectionOptions {
  readonly all?: boolean;
}

export function objectRemoveCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("remove objects")
    .argument("<object...>", "BUCKET/OBJECT_NAME; with --list, --template or --prefix: BUCKET")
    .option("--list <names>", `${LIST_HELP}; asks first`)
    .option("--template <template>", `${TEMPLATE_HELP}; asks first`)
    .option("--prefix <text>", "every object whose name begins with this; asks first")
    .option("--all", "every object of the bucket; asks first");
  return runtime.handle<Options>(command, async (context, [objects], options) => {
    const words = Array.isArray(objects) ? objects : [];
    if (options.all === true) {
      const { names, template, prefix } = parseSelection(options);
      if (names.length > 0 || template !== "" || prefix !== "")
        throw new UsageError("--all excludes --list, --template and --prefix");
      const everything = { names: [], template: "", prefix: "", count: null };
      for (const argument of words) await removeMany(context, parseBucketUri(argument), everything);
      return;
    }
    if (options.prefix !== undefined || options.list !== undefined || options.template !== undefined) {
      const selection = parseSelection(options);
      for (const argument of words) await removeMany(context, parseBucketUri(argument), selection);
      return;
    }
    for (const argument of words) {
      const { bucket, objectName } = parseObjectArgument(argument);
      await removeOne(context, bucket, objectName);
      if (context.settings.json) context.printJson({ deleted: objectCname(bucket, objectName) });
      else context.print(`deleted "${objectName}" from ${bucketCname(bucket)}`);
    }
  });
}

/** One job on all targets; asks first, since nobody sees the names. */
async function removeMany(context: CommandContext, bucket: Bck, selection: Selection): Promise<void> {
  const { names, template, prefix, count } = selection;
  const cname = bucketCname(bucket);
  const what =
    names.length > 0
      ? `${counted(names.length, "object")} from ${cname}`
      : prefix === "" && template === ""
        ? `all objects from ${cname}`
        : `objects of ${prefix === "" ? `template "${template}"` : `prefix "${prefix}"`} from ${cname}`;
  if (!(await context.confirm(`Remove ${what}?`, false)))
    throw new UsageError(`removing ${what} takes --yes where there is nobody to ask`);
  const { jobs } = context.client;
  const id = await jobs.deleteObjects(bucket, {
    names,
    template: prefix === "" ? template : escapedPrefix(prefix),
  });
  const result = await followJob(context, { id, verb: "Deleted", totalObjects: count });
  if (context.settings.json) context.printJson({ job: id, deleted: result.objects });
  else context.print(`deleted ${counted(result.objects, "object")} from ${cname}`);
}

/** The message has a template only, and a template without a range is a prefix. */
function escapedPrefix(prefix: string): string {
  if (parseTemplate(prefix).ranges.length > 0)
    throw new UsageError(`prefix "${prefix}" reads as a template: use --template`);
  return prefix;
}

async function removeOne(context: CommandContext, bucket: Bck, objectName: string): Promise<void> {
  try {
    await context.client.objects.delete(bucket, objectName);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new Error(`object "${objectCname(bucket, objectName)}" does not exist`, { cause: error });
  }
}
