import { isNotFound } from "@ais/client/api-error.ts";
import { type Bck, bucketCname, objectCname } from "@ais/wire/bck.ts";
import type { Command } from "commander";
import { runAll } from "../concurrency.ts";
import type { CommandContext, Runtime } from "../context.ts";
import { UsageError } from "../errors.ts";
import { counted } from "../output/units.ts";
import { parseBucketUri, parseObjectArgument } from "../uri.ts";

const CONCURRENT_DELETES = 16;

interface Options {
  readonly prefix?: string;
}

export function objectRemoveCommand(runtime: Runtime, parent: Command, name: string): Command {
  const command = parent
    .command(name)
    .summary("remove objects")
    .argument("<object...>", "BUCKET/OBJECT_NAME; with --prefix: BUCKET")
    .option("--prefix <text>", "every object whose name begins with this; asks first");
  return runtime.handle<Options>(command, async (context, [objects], options) => {
    const words = Array.isArray(objects) ? objects : [];
    if (options.prefix !== undefined) {
      for (const argument of words) await removeByPrefix(context, parseBucketUri(argument), options.prefix);
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

async function removeByPrefix(context: CommandContext, bucket: Bck, prefix: string): Promise<void> {
  const names: string[] = [];
  for await (const entry of context.client.objects.list(bucket, { prefix, nameOnly: true }))
    names.push(entry.name);
  const what = `${counted(names.length, "object")} from ${bucketCname(bucket)}`;
  if (names.length > 0 && !(await context.confirm(`Remove ${what}?`, false))) {
    throw new UsageError(`removing ${what} takes --yes where there is nobody to ask`);
  }
  const failures = await runAll(names, CONCURRENT_DELETES, (name) => removeOne(context, bucket, name));
  for (const { error } of failures) context.note(`Error: ${error instanceof Error ? error.message : error}`);
  if (failures.length > 0) throw new Error(`failed to remove ${failures.length} of ${what}`);
  if (context.settings.json) context.printJson({ deleted: names.map((name) => objectCname(bucket, name)) });
  else context.print(`deleted ${what}`);
}

async function removeOne(context: CommandContext, bucket: Bck, objectName: string): Promise<void> {
  try {
    await context.client.objects.delete(bucket, objectName);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new Error(`object "${objectCname(bucket, objectName)}" does not exist`, { cause: error });
  }
}
